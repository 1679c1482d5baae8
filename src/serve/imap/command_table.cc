#include "serve/imap/command_table.h"

namespace pabal::serve::imap {

namespace {

namespace wire = proto::imap;

constexpr unsigned kNot = static_cast<unsigned>(State::not_authenticated);
constexpr unsigned kAuth = static_cast<unsigned>(State::authenticated);
constexpr unsigned kSelected = static_cast<unsigned>(State::selected);
constexpr unsigned kUser = kAuth | kSelected;
constexpr unsigned kAny = kNot | kUser;

using F = CommandFacts;

// clang-format off
template <class C> constexpr F kFacts = {};
template <> constexpr F kFacts<wire::Capability>     = {kAny};
template <> constexpr F kFacts<wire::Noop>           = {kAny};
template <> constexpr F kFacts<wire::Logout>         = {kAny, F::never, false, false};
template <> constexpr F kFacts<wire::Id>             = {kAny};
template <> constexpr F kFacts<wire::StartTls>       = {kNot};
template <> constexpr F kFacts<wire::Authenticate>   = {kNot};
template <> constexpr F kFacts<wire::Login>          = {kNot};
template <> constexpr F kFacts<wire::Enable>         = {kUser};
template <> constexpr F kFacts<wire::Select>         = {kUser, F::never, false, false};
template <> constexpr F kFacts<wire::Create>         = {kUser};
template <> constexpr F kFacts<wire::Delete>         = {kUser};
template <> constexpr F kFacts<wire::Rename>         = {kUser};
template <> constexpr F kFacts<wire::Subscribe>      = {kUser};
template <> constexpr F kFacts<wire::List>           = {kUser};
template <> constexpr F kFacts<wire::Namespace>      = {kUser};
template <> constexpr F kFacts<wire::Status>         = {kUser};
template <> constexpr F kFacts<wire::Append>         = {kUser};
template <> constexpr F kFacts<wire::Idle>           = {kUser};
template <> constexpr F kFacts<wire::Compress>       = {kUser};
template <> constexpr F kFacts<wire::Unauthenticate> = {kUser};
template <> constexpr F kFacts<wire::GetQuota>       = {kUser};
template <> constexpr F kFacts<wire::GetQuotaRoot>   = {kUser};
template <> constexpr F kFacts<wire::SetQuota>       = {kUser};
template <> constexpr F kFacts<wire::GetAcl>         = {kUser};
template <> constexpr F kFacts<wire::SetAcl>         = {kUser};
template <> constexpr F kFacts<wire::DeleteAcl>      = {kUser};
template <> constexpr F kFacts<wire::ListRights>     = {kUser};
template <> constexpr F kFacts<wire::MyRights>       = {kUser};
template <> constexpr F kFacts<wire::GetMetadata>    = {kUser};
template <> constexpr F kFacts<wire::SetMetadata>    = {kUser};
template <> constexpr F kFacts<wire::Notify>         = {kUser};
template <> constexpr F kFacts<wire::GenUrlAuth>     = {kUser};
template <> constexpr F kFacts<wire::ResetKey>       = {kUser};
template <> constexpr F kFacts<wire::UrlFetch>       = {kUser};
template <> constexpr F kFacts<wire::MultiSearch>    = {kUser, F::never};
template <> constexpr F kFacts<wire::Check>          = {kSelected};
template <> constexpr F kFacts<wire::Close>          = {kSelected};
template <> constexpr F kFacts<wire::Unselect>       = {kSelected};
template <> constexpr F kFacts<wire::Expunge>        = {kSelected, F::always, true};
template <> constexpr F kFacts<wire::Search>         = {kSelected, F::uid_form_only};
template <> constexpr F kFacts<wire::Sort>           = {kSelected, F::uid_form_only};
template <> constexpr F kFacts<wire::Thread>         = {kSelected, F::uid_form_only};
template <> constexpr F kFacts<wire::CancelUpdate>   = {kSelected};
template <> constexpr F kFacts<wire::Fetch>          = {kSelected, F::uid_form_only};
template <> constexpr F kFacts<wire::Store>          = {kSelected, F::uid_form_only, true};
template <> constexpr F kFacts<wire::Copy>           = {kSelected};
template <> constexpr F kFacts<wire::Replace>        = {kSelected, F::always, true};
// clang-format on

}  // namespace

const CommandFacts& facts_of(const wire::Command& command) {
  return std::visit(
      []<class C>(const C&) -> const CommandFacts& {
        static_assert(kFacts<C>.states != 0, "every command has its row");
        return kFacts<C>;
      },
      command);
}

bool may_expunge(const wire::Command& command) {
  CommandFacts::Expunge expunge = facts_of(command).expunge;
  if (expunge != CommandFacts::uid_form_only) return expunge == CommandFacts::always;
  return std::visit(
      []<class C>(const C& c) {
        if constexpr (requires {
                        c.uid;
                        c.program;
                      }) {
          return c.uid && !wire::names_numbers(c.program.keys);
        } else if constexpr (requires { c.uid; }) {
          return c.uid;
        } else {
          return false;
        }
      },
      command);
}

}  // namespace pabal::serve::imap

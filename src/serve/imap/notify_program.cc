#include "serve/imap/notify_program.h"

#include <algorithm>

#include "serve/imap/names.h"

namespace pabal::serve::imap {

namespace wire = proto::imap;
using Kind = wire::MailboxFilter;

namespace {

// RFC 5465 §3.1: an event that there is not is refused with those that there are.
constexpr std::string_view kBadEvent =
    "BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange MailboxMetadataChange "
    "ServerMetadataChange)";

std::expected<unsigned, Outcome> events_of_group(const wire::NotifyGroup& group) {
  bool arrive = false, expunge = false;
  unsigned events = 0;
  for (const std::string& event : group.events) {
    if (event == "MESSAGENEW") {
      arrive = true;
    } else if (event == "MESSAGEEXPUNGE") {
      expunge = true;
    } else if (event == "FLAGCHANGE") {
      events |= kFlags;
    } else if (event == "MAILBOXNAME") {
      events |= kNames;
    } else if (event == "SUBSCRIPTIONCHANGE") {
      events |= kSubscriptions;
    } else if (event == "MAILBOXMETADATACHANGE") {
      events |= kMetadata;
    } else if (event == "SERVERMETADATACHANGE") {
      events |= kServerMetadata;
    } else {
      return std::unexpected(no(std::string(kBadEvent), "there is no event " + event));
    }
  }
  // RFC 5465 §5
  if (arrive != expunge) return std::unexpected(bad("MessageNew and MessageExpunge go together"));
  if ((events & kFlags) != 0 && !arrive)
    return std::unexpected(bad("FlagChange goes with MessageNew and MessageExpunge"));
  return arrive ? events | kMessages : events;
}

}  // namespace

std::expected<NotifyProgram, Outcome> NotifyProgram::make(const wire::Notify& command) {
  NotifyProgram program;
  for (const wire::NotifyGroup& group : command.groups) {
    std::expected<unsigned, Outcome> events = events_of_group(group);
    if (!events) return std::unexpected(std::move(events.error()));
    Wish wish{.events = *events, .none = group.none};
    switch (group.filter.kind) {
      case Kind::selected:
      case Kind::selected_delayed:
        program.selected_ = {.events = *events,
                             .delayed = group.filter.kind == Kind::selected_delayed,
                             .items = group.message_new_items};
        continue;
      case Kind::inboxes:  // RFC 5465 §6.3: filters may deliver into any of them
      case Kind::personal:
        program.personal_.add(wish);
        break;
      case Kind::subscribed:
        program.subscribed_.add(wish);
        break;
      case Kind::subtree:
      case Kind::subtree_one:
        for (const std::string& name : group.filter.mailboxes)
          program.subtrees_[canonical_name(name)].add(wish);
        break;
      case Kind::named:
        for (const std::string& name : group.filter.mailboxes) program.named_[canonical_name(name)].add(wish);
        break;
    }
    program.events_ |= *events;
  }
  return program;
}

NotifyProgram::Wish NotifyProgram::in_subtrees(std::string_view name) const {
  Wish wish;
  if (subtrees_.empty()) return wish;
  for (size_t end = name.size(); end != std::string_view::npos; end = name.rfind(kDelimiter, end - 1)) {
    auto found = subtrees_.find(std::string(name.substr(0, end)));
    if (found != subtrees_.end()) wish.add(found->second);
    if (end == 0) break;
  }
  return wish;
}

unsigned NotifyProgram::events_of(std::string_view name, bool own, bool subscribed) const {
  Wish wish = in_subtrees(name);
  if (own) wish.add(personal_);
  if (subscribed) wish.add(subscribed_);
  auto found = named_.find(std::string(name));
  if (found != named_.end()) wish.add(found->second);
  return wish.none ? 0 : wish.events;
}

bool NotifyProgram::names(std::string_view name) const {
  return named_.contains(std::string(name)) || in_subtrees(name).events != 0;
}

}  // namespace pabal::serve::imap

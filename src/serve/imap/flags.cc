#include "serve/imap/flags.h"

#include "base/bytes.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

namespace {

struct SystemFlag {
  std::string_view name;
  uint64_t bit;
};
constexpr SystemFlag kSystem[] = {{"\\Seen", store::kSeen},       {"\\Answered", store::kAnswered},
                                  {"\\Flagged", store::kFlagged}, {"\\Deleted", store::kDeleted},
                                  {"\\Draft", store::kDraft},     {"\\Recent", 0}};

}  // namespace

FlagNames split_flags(const std::vector<std::string>& flags) {
  FlagNames out;
  for (const std::string& flag : flags) {
    if (!flag.starts_with('\\')) {
      out.keywords.push_back(flag);
      continue;
    }
    bool known = false;
    for (const SystemFlag& system : kSystem) {
      if (!iequals(flag, system.name)) continue;
      out.system |= system.bit;
      known = true;
    }
    if (!known) out.unknown = flag;
  }
  return out;
}

uint64_t allowed_flags(const Rights& rights, uint64_t system) {
  uint64_t mask = 0;
  if (rights.has('s')) mask |= store::kSeen;
  if (rights.has('t')) mask |= store::kDeleted;
  if (rights.has('w')) mask |= store::kAnswered | store::kFlagged | store::kDraft;
  return system & mask;
}

std::optional<Outcome> refuse_flags(const Selected& selected, const FlagNames& names, bool all) {
  const Rights& rights = selected.rights;
  uint64_t others = names.system & ~uint64_t{store::kSeen | store::kDeleted};
  bool seen = (names.system & store::kSeen) != 0, deleted = (names.system & store::kDeleted) != 0;
  // Who may not change all of them changes with FLAGS what he may (RFC 4314 §4).
  bool allowed = all ? rights.any_of("swt")
                     : (!seen || rights.has('s')) && (!deleted || rights.has('t')) &&
                           ((others == 0 && names.keywords.empty()) || rights.has('w'));
  if (allowed) return std::nullopt;
  return no("NOPERM", "your rights on this mailbox do not cover these flags");
}

}  // namespace pabal::serve::imap

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

uint64_t allowed_bits(const reading::Rights& rights) {
  uint64_t bits = 0;
  if (rights.has('s')) bits |= store::kSeen;
  if (rights.has('t')) bits |= store::kDeleted;
  if (rights.has('w')) bits |= ~uint64_t{store::kSeen | store::kDeleted};
  return bits;
}

// RFC 4314 §4: who may change one of them is not refused, the others stay as they are.
std::optional<Outcome> refuse_flags(const Selected& selected, const FlagNames& names, bool all) {
  uint64_t allowed = allowed_bits(selected.rights);
  bool nothing_named = names.system == 0 && names.keywords.empty();
  bool any = all || nothing_named
                 ? allowed != 0
                 : (names.system & allowed) != 0 || (!names.keywords.empty() && selected.rights.has('w'));
  if (any) return std::nullopt;
  return no("NOPERM", "your rights on this mailbox do not cover these flags");
}

}  // namespace pabal::serve::imap

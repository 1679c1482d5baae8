#include "reading/flag_names.h"

#include "base/bytes.h"
#include "store/mailboxes.h"

namespace pabal::reading {

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

uint64_t allowed_bits(const Rights& rights) {
  uint64_t bits = 0;
  if (rights.has('s')) bits |= store::kSeen;
  if (rights.has('t')) bits |= store::kDeleted;
  if (rights.has('w')) bits |= ~uint64_t{store::kSeen | store::kDeleted};
  return bits;
}

}  // namespace pabal::reading

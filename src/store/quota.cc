#include "store/quota.h"

namespace pabal::store {

std::optional<Usage> usage(Database& db, AccountId account) {
  Statement select = db.prepare("SELECT used_octets, used_messages, quota_octets FROM account WHERE id = ?");
  if (!select.bind(account.value).step()) return std::nullopt;
  return Usage{static_cast<uint64_t>(select.number(0)), static_cast<uint64_t>(select.number(1)),
               static_cast<uint64_t>(select.number(2))};
}

bool has_room(const Usage& usage, uint64_t octets) {
  if (octets == 0 || usage.quota_octets == 0) return true;
  return usage.octets <= usage.quota_octets && octets <= usage.quota_octets - usage.octets;
}

bool has_room(Database& db, AccountId account, int64_t octets) {
  if (octets <= 0) return true;
  std::optional<Usage> now = usage(db, account);
  return now && has_room(*now, static_cast<uint64_t>(octets));
}

void count_annotation(Transaction& tx, AccountId account, int64_t octets) {
  tx.db.prepare("UPDATE account SET used_octets = used_octets + ? WHERE id = ?")
      .bind(octets)
      .bind(account.value)
      .run();
}

}  // namespace pabal::store

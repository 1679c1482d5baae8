#include "store/quota.h"

namespace pabal::store {

std::optional<Usage> usage(Database& db, AccountId account) {
  Statement select = db.prepare("SELECT used_octets, used_messages, quota_octets FROM account WHERE id = ?");
  if (!select.bind(account.value).step()) return std::nullopt;
  return Usage{static_cast<uint64_t>(select.number(0)), static_cast<uint64_t>(select.number(1)),
               static_cast<uint64_t>(select.number(2))};
}

bool has_room(Database& db, AccountId account, int64_t octets) {
  if (octets <= 0) return true;
  Statement select = db.prepare("SELECT quota_octets, used_octets FROM account WHERE id = ?");
  if (!select.bind(account.value).step()) return false;
  const int64_t limit = select.number(0), used = select.number(1);
  return limit == 0 || octets <= limit - used;
}

void count_annotation(Transaction& tx, AccountId account, int64_t octets) {
  tx.db.prepare("UPDATE account SET used_octets = used_octets + ? WHERE id = ?")
      .bind(octets)
      .bind(account.value)
      .run();
}

}  // namespace pabal::store

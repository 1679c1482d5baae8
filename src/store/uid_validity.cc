#include "store/uid_validity.h"

#include <algorithm>

namespace pabal::store {

namespace {

// In 2097. A clock that says more is not believed: what it gave would leave no
// room for those that come after it was set right.
constexpr int64_t kClockMax = kUidValidityMax - (int64_t{1} << 28);

constexpr std::string_view kOfRemoved = "last_uidvalidity_of_removed_accounts";  // in meta

int64_t last_of(Database& db, AccountId account) {
  Statement select = db.prepare("SELECT last_uidvalidity FROM account WHERE id = ?");
  if (!select.bind(account.value).step())
    throw StoreError("account " + std::to_string(account.value) + " does not exist any more");
  return select.number(0);
}

int64_t last_of_removed(Database& db) {
  Statement select = db.prepare("SELECT CAST(value AS INTEGER) FROM meta WHERE key = ?");
  return select.bind(kOfRemoved).step() ? select.number(0) : 0;
}

bool is_taken(Database& db, AccountId account, int64_t value) {
  Statement select = db.prepare("SELECT 1 FROM mailbox WHERE account = ? AND uidvalidity = ?");
  return select.bind(account.value).bind(value).step();
}

}  // namespace

int64_t next_uid_validity(int64_t last, Time now) {
  const int64_t seconds = now.ms / 1000;
  const int64_t of_clock = seconds <= kClockMax ? std::max<int64_t>(seconds, 1) : 1;
  return last >= kUidValidityMax ? of_clock : std::max(last + 1, of_clock);
}

UidValidity new_uid_validity(Transaction& tx, AccountId account) {
  int64_t last = last_of(tx.db, account);
  if (last == 0) last = last_of_removed(tx.db);
  // Taken is one only after they have begun again.
  int64_t next = next_uid_validity(last, tx.now);
  while (is_taken(tx.db, account, next)) next = next_uid_validity(next, tx.now);
  tx.db.prepare("UPDATE account SET last_uidvalidity = ? WHERE id = ?").bind(next).bind(account.value).run();
  return UidValidity{next};
}

void raise_uid_validity(Transaction& tx, AccountId account, int64_t value) {
  tx.db.prepare("UPDATE account SET last_uidvalidity = ? WHERE id = ? AND last_uidvalidity < ?")
      .bind(value)
      .bind(account.value)
      .bind(value)
      .run();
}

void raise_new_accounts_uid_validity(Transaction& tx, int64_t value) {
  tx.db
      .prepare(
          "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = "
          "excluded.value WHERE CAST(meta.value AS INTEGER) < CAST(excluded.value AS INTEGER)")
      .bind(kOfRemoved)
      .bind(std::to_string(value))
      .run();
}

void remember_uid_validities(Transaction& tx, AccountId account) {
  raise_new_accounts_uid_validity(tx, last_of(tx.db, account));
}

}  // namespace pabal::store

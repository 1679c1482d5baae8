#include "store/feed_cursors.h"

namespace pabal::store {

std::optional<FeedPoint> find_cursor(Database& db, std::string_view consumer, AccountId account) {
  Statement select =
      db.prepare("SELECT modseq, mailbox, uid, passed FROM feed_cursor WHERE consumer = ? AND account = ?");
  if (!select.bind(consumer).bind(account.value).step()) return std::nullopt;
  return FeedPoint{{select.number(0)}, {select.number(1)}, {select.number(2)}, select.number(3)};
}

void move_cursor(Transaction& tx, std::string_view consumer, AccountId account, const FeedPoint& to) {
  tx.db
      .prepare(
          "INSERT INTO feed_cursor (consumer, account, modseq, mailbox, uid, passed) VALUES (?, ?, ?, ?, ?, "
          "?) "
          "ON CONFLICT (consumer, account) DO UPDATE SET modseq = excluded.modseq, mailbox = "
          "excluded.mailbox, uid = excluded.uid, passed = excluded.passed")
      .bind(consumer)
      .bind(account.value)
      .bind(to.modseq.value)
      .bind(to.mailbox.value)
      .bind(to.uid.value)
      .bind(to.passed)
      .run();
}

void remove_cursors(Transaction& tx, std::string_view consumer) {
  tx.db.prepare("DELETE FROM feed_cursor WHERE consumer = ?").bind(consumer).run();
}

std::vector<AccountId> list_behind(Database& db, std::string_view consumer, AccountId after, size_t max) {
  Statement select = db.prepare(
      "SELECT account.id FROM account LEFT JOIN feed_cursor ON feed_cursor.consumer = ? "
      "AND feed_cursor.account = account.id WHERE account.id > ? "
      "AND account.modseq >= coalesce(feed_cursor.modseq, 0) ORDER BY account.id LIMIT ?");
  select.bind(consumer).bind(after.value).bind(static_cast<int64_t>(max));
  std::vector<AccountId> accounts;
  while (select.step()) accounts.push_back(AccountId{select.number(0)});
  return accounts;
}

}  // namespace pabal::store

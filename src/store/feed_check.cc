#include "store/feed_check.h"

#include "store/feed_trim.h"
#include "store/names.h"

namespace pabal::store {

namespace {

void list_unreadable(Database& db, std::vector<BrokenFeed>& out) {
  Statement select = db.prepare("SELECT account, names FROM change WHERE names IS NOT NULL ORDER BY account");
  while (select.step()) {
    const AccountId account{select.number(0)};
    if (!out.empty() && out.back().account == account) continue;
    try {
      (void)unpack_names(select.view(1));
    } catch (const StoreError& e) {
      out.push_back({account, e.what()});
    }
  }
}

void list_ahead(Database& db, std::vector<BrokenFeed>& out) {
  Statement select = db.prepare(
      "SELECT id FROM account WHERE feed_horizon > modseq OR feed_nameless > modseq OR EXISTS "
      "(SELECT 1 FROM feed_cursor WHERE feed_cursor.account = account.id AND feed_cursor.modseq > "
      "account.modseq + 1) "
      "ORDER BY id");
  while (select.step())
    out.push_back({{select.number(0)}, "its horizon or a cursor is ahead of its newest change"});
}

}  // namespace

std::vector<BrokenFeed> list_broken_feeds(Database& db) {
  std::vector<BrokenFeed> broken;
  list_unreadable(db, broken);
  list_ahead(db, broken);
  return broken;
}

void mend_feeds(Transaction& tx, const std::vector<BrokenFeed>& broken) {
  for (const BrokenFeed& feed : broken) {
    forget_feed(tx, feed.account);
    tx.db.prepare("UPDATE account SET feed_nameless = 0 WHERE id = ?").bind(feed.account.value).run();
    tx.db.prepare("DELETE FROM feed_cursor WHERE account = ?").bind(feed.account.value).run();
  }
}

}  // namespace pabal::store

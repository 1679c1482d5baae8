#include "store/recent.h"

namespace pabal::store {

int64_t first_recent(Database& db, MailboxId mailbox) {
  Statement select = db.prepare("SELECT first_recent FROM mailbox WHERE id = ?");
  return select.bind(mailbox.value).step() ? select.number(0) : 1;
}

void set_first_recent(Transaction& tx, MailboxId mailbox, int64_t first) {
  tx.db.prepare("UPDATE mailbox SET first_recent = ? WHERE id = ? AND first_recent < ?")
      .bind(first)
      .bind(mailbox.value)
      .bind(first)
      .run();
}

uint64_t count_from(Database& db, MailboxId mailbox, int64_t first) {
  Statement select = db.prepare("SELECT count(*) FROM mail WHERE mailbox = ? AND uid >= ?");
  select.bind(mailbox.value).bind(first).step();
  return static_cast<uint64_t>(select.number(0));
}

}  // namespace pabal::store

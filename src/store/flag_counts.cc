#include "store/flag_counts.h"

#include "store/mailboxes.h"

namespace pabal::store {

namespace {

// By how much the reader's own \Seen makes the number of unread mails another one.
int64_t more_unseen(Database& db, MailboxId mailbox, AccountId reader) {
  Statement select = db.prepare(
      "SELECT sum(CASE WHEN mail.flags & ? <> 0 THEN 1 - own.seen ELSE -own.seen END) FROM private_seen AS "
      "own JOIN mail ON mail.mailbox = own.mailbox AND mail.uid = own.uid WHERE own.mailbox = ? AND "
      "own.reader = ?");
  select.bind(int64_t{kSeen}).bind(mailbox.value).bind(reader.value).step();
  return select.number(0);
}

}  // namespace

FlagCounts count_flags(Database& db, MailboxId mailbox, AccountId reader) {
  Statement select = db.prepare(
      "SELECT sum(CASE WHEN flags & ? = 0 THEN 1 ELSE 0 END), sum(CASE WHEN flags & ? <> 0 THEN 1 ELSE 0 "
      "END), "
      "sum(CASE WHEN flags & ? <> 0 THEN size_octets ELSE 0 END) FROM mail WHERE mailbox = ?");
  select.bind(int64_t{kSeen}).bind(int64_t{kDeleted}).bind(int64_t{kDeleted}).bind(mailbox.value).step();
  // Without mails the sums are null, which reads as 0.
  const int64_t more = reader ? more_unseen(db, mailbox, reader) : 0;
  return {static_cast<uint64_t>(select.number(0) + more), static_cast<uint64_t>(select.number(1)),
          static_cast<uint64_t>(select.number(2))};
}

}  // namespace pabal::store

#include "store/tally.h"

namespace pabal::store {

void Tally::add(uint64_t mail_flags, int64_t mail_octets) {
  ++messages;
  octets += mail_octets;
  if ((mail_flags & kSeen) == 0) ++flags.unseen;
  if ((mail_flags & kDeleted) == 0) return;
  ++flags.deleted;
  flags.deleted_octets += mail_octets;
}

Tally Tally::operator-(const Tally& other) const {
  return {.messages = messages - other.messages,
          .octets = octets - other.octets,
          .flags = {.unseen = flags.unseen - other.flags.unseen,
                    .deleted = flags.deleted - other.flags.deleted,
                    .deleted_octets = flags.deleted_octets - other.flags.deleted_octets}};
}

Tally tally(Database& db, MailboxId mailbox, const UidRange& uids) {
  Statement select =
      db.prepare("SELECT flags, size_octets FROM mail WHERE mailbox = ? AND uid BETWEEN ? AND ?");
  select.bind(mailbox.value).bind(uids.first.value).bind(uids.last.value);
  Tally found;
  while (select.step()) found.add(static_cast<uint64_t>(select.number(0)), select.number(1));
  return found;
}

void count(Transaction& tx, MailboxId mailbox, const Tally& more, ModSeq modseq, int64_t new_uids) {
  tx.db
      .prepare(
          "UPDATE mailbox SET messages = messages + ?, octets = octets + ?, unseen = unseen + ?, "
          "deleted = deleted + ?, deleted_octets = deleted_octets + ?, modseq = max(modseq, ?), uidnext = "
          "uidnext + ? WHERE id = ?")
      .bind(more.messages)
      .bind(more.octets)
      .bind(more.flags.unseen)
      .bind(more.flags.deleted)
      .bind(more.flags.deleted_octets)
      .bind(modseq.value)
      .bind(new_uids)
      .bind(mailbox.value)
      .run();
}

int64_t count_unseen(Database& db, MailboxId mailbox, AccountId reader) {
  Statement select = db.prepare(
      "SELECT unseen + coalesce((SELECT sum(CASE WHEN mail.flags & ? <> 0 THEN 1 - own.seen ELSE -own.seen "
      "END) FROM private_seen AS own JOIN mail ON mail.mailbox = own.mailbox AND mail.uid = own.uid "
      "WHERE own.mailbox = mailbox.id AND own.reader = ?), 0) FROM mailbox WHERE id = ?");
  return select.bind(int64_t{kSeen}).bind(reader.value).bind(mailbox.value).step() ? select.number(0) : 0;
}

}  // namespace pabal::store

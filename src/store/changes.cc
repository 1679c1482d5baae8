#include "store/changes.h"

#include <algorithm>

namespace pabal::store {

// Two statements here and in append(): for RETURNING, SQLite builds a table in
// memory each time, which costs more than the second one.
Advanced advance(Transaction& tx, AccountId account, int64_t octets, int64_t messages) {
  tx.db
      .prepare(
          "UPDATE account SET modseq = modseq + 1, used_octets = used_octets + ?, "
          "used_messages = used_messages + ? WHERE id = ?")
      .bind(octets)
      .bind(messages)
      .bind(account.value)
      .run();
  Statement select = tx.db.prepare("SELECT modseq, shared FROM account WHERE id = ?");
  if (!select.bind(account.value).step())
    throw StoreError("account " + std::to_string(account.value) + " does not exist any more");
  return {.modseq = {select.number(0)}, .group = select.number(1) != 0};
}

ModSeq next_modseq(Transaction& tx, AccountId account, int64_t octets, int64_t messages) {
  return advance(tx, account, octets, messages).modseq;
}

void record_change(Transaction& tx, AccountId account, const Change& change) {
  tx.db
      .prepare(
          "INSERT INTO change (account, modseq, mailbox, uid, uid_last, kind, reader) VALUES (?, ?, ?, ?, ?, "
          "?, ?)")
      .bind(account.value)
      .bind(change.modseq.value)
      .bind(change.mailbox.value)
      .bind(change.first.value)
      .bind(change.last.value)
      .bind(static_cast<int64_t>(change.kind))
      .bind(change.reader.value)
      .run();
  const bool of_mailbox = change.kind == ChangeKind::mailbox || change.kind == ChangeKind::mailbox_removed;
  MailboxChange changed{account, change.mailbox, !of_mailbox};
  if (tx.changes.empty() || tx.changes.back() != changed) tx.changes.push_back(changed);
}

std::vector<Change> list_changes(Database& db, AccountId account, ModSeq since,
                                 std::optional<MailboxId> mailbox, AccountId reader) {
  Statement select = db.prepare(
      mailbox
          ? "SELECT modseq, mailbox, uid, uid_last, kind, reader FROM change WHERE account = ? AND modseq "
            "> ? AND (reader = 0 OR reader = ?) AND mailbox = ? ORDER BY modseq, mailbox, uid"
          : "SELECT modseq, mailbox, uid, uid_last, kind, reader FROM change WHERE account = ? AND modseq "
            "> ? AND (reader = 0 OR reader = ?) ORDER BY modseq, mailbox, uid");
  select.bind(account.value).bind(since.value).bind(reader.value);
  if (mailbox) select.bind(mailbox->value);
  std::vector<Change> changes;
  while (select.step()) {
    changes.push_back({{select.number(0)},
                       {select.number(1)},
                       {select.number(2)},
                       {select.number(3)},
                       static_cast<ChangeKind>(select.number(4)),
                       {select.number(5)}});
  }
  return changes;
}

UidRanges expunged_since(Database& db, AccountId account, MailboxId mailbox, ModSeq since) {
  Statement select = db.prepare(
      "SELECT uid, uid_last FROM change WHERE account = ? AND modseq > ? AND mailbox = ? AND kind = ? "
      "ORDER BY uid, uid_last");
  select.bind(account.value)
      .bind(since.value)
      .bind(mailbox.value)
      .bind(static_cast<int64_t>(ChangeKind::expunged));
  UidRanges ranges;
  while (select.step()) {
    UidRange next{{select.number(0)}, {select.number(1)}};
    // Later ranges reach over what earlier ones removed.
    if (!ranges.empty() && next.first.value <= ranges.back().last.value + 1) {
      ranges.back().last = std::max(ranges.back().last, next.last);
    } else {
      ranges.push_back(next);
    }
  }
  return ranges;
}

}  // namespace pabal::store

#include "store/changes.h"

#include <algorithm>

namespace pabal::store {

namespace {

// Nothing that whoever has its mailbox open could see.
bool concerns_account(ChangeKind kind) {
  return kind == ChangeKind::subscription || kind == ChangeKind::shared;
}

// What the mailbox has given and no mail has.
UidRanges list_unused_uids(Database& db, MailboxId mailbox) {
  Statement next = db.prepare("SELECT uidnext FROM mailbox WHERE id = ?");
  if (!next.bind(mailbox.value).step()) return {};
  UidRanges ranges;
  Statement select = db.prepare("SELECT uid FROM mail WHERE mailbox = ? ORDER BY uid");
  select.bind(mailbox.value);
  Uid unused{1};
  while (select.step()) {
    const Uid uid{select.number(0)};
    if (unused < uid) ranges.push_back({unused, Uid{uid.value - 1}});
    unused = Uid{uid.value + 1};
  }
  if (unused.value < next.number(0)) ranges.push_back({unused, Uid{next.number(0) - 1}});
  return ranges;
}

}  // namespace

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
  {
    Statement insert = tx.db.prepare(
        "INSERT INTO change (account, modseq, mailbox, uid, uid_last, kind, reader, names) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    insert.bind(account.value)
        .bind(change.modseq.value)
        .bind(change.mailbox.value)
        .bind(change.first.value)
        .bind(change.last.value)
        .bind(static_cast<int64_t>(change.kind))
        .bind(change.reader.value);
    if (change.names.empty()) {
      insert.bind(std::nullopt);
    } else {
      insert.bind_blob(pack(change.names));
    }
    insert.run();
  }
  MailboxChange changed{account, concerns_account(change.kind) ? MailboxId{} : change.mailbox,
                        is_of_mails(change.kind), change.kind == ChangeKind::threads};
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
                       {select.number(5)},
                       {}});
  }
  return changes;
}

bool is_forgotten(Database& db, AccountId account, ModSeq since) {
  Statement select = db.prepare("SELECT feed_horizon FROM account WHERE id = ?");
  return select.bind(account.value).step() && since.value < select.number(0);
}

UidRanges expunged_since(Database& db, AccountId account, MailboxId mailbox, ModSeq since) {
  if (is_forgotten(db, account, since)) return list_unused_uids(db, mailbox);
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

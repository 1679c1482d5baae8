#include "store/private_seen.h"

namespace pabal::store {

namespace {

// Those who have rows in the mailbox; one step through the index for each.
std::vector<AccountId> list_readers(Database& db, MailboxId mailbox) {
  std::vector<AccountId> readers;
  for (int64_t after = 0;;) {
    Statement select = db.prepare(
        "SELECT reader FROM private_seen WHERE mailbox = ? AND reader > ? ORDER BY reader LIMIT 1");
    if (!select.bind(mailbox.value).bind(after).step()) return readers;
    after = select.number(0);
    readers.push_back(AccountId{after});
  }
}

struct Row {
  Uid uid;
  bool seen = false;
};

std::vector<Row> list_rows(Database& db, MailboxId mailbox, AccountId reader, Uid first, Uid last) {
  Statement select = db.prepare(
      "SELECT uid, seen FROM private_seen WHERE mailbox = ? AND reader = ? AND uid BETWEEN ? AND ? ORDER BY "
      "uid");
  select.bind(mailbox.value).bind(reader.value).bind(first.value).bind(last.value);
  std::vector<Row> rows;
  while (select.step()) rows.push_back({{select.number(0)}, select.number(1) != 0});
  return rows;
}

void insert_row(Transaction& tx, MailboxId mailbox, AccountId reader, const Row& row, ModSeq modseq) {
  tx.db.prepare("INSERT INTO private_seen (mailbox, reader, uid, modseq, seen) VALUES (?, ?, ?, ?, ?)")
      .bind(mailbox.value)
      .bind(reader.value)
      .bind(row.uid.value)
      .bind(modseq.value)
      .bind(int64_t{row.seen})
      .run();
}

}  // namespace

UidRanges list_private_seen(Database& db, MailboxId mailbox, AccountId reader) {
  UidRanges uids;
  for (const Row& row : list_rows(db, mailbox, reader, Uid{0}, Uid{INT64_MAX})) add_to(uids, row.uid);
  return uids;
}

void set_private_seen(Transaction& tx, MailboxId mailbox, AccountId reader, const UidRanges& uids, bool seen,
                      ModSeq modseq) {
  for (const UidRange& range : uids) {
    tx.db
        .prepare(
            "INSERT INTO private_seen (mailbox, reader, uid, modseq, seen) SELECT mailbox, ?, uid, ?, ? "
            "FROM mail WHERE mailbox = ? AND uid BETWEEN ? AND ? "
            "ON CONFLICT (mailbox, reader, uid) DO UPDATE SET modseq = excluded.modseq, seen = excluded.seen")
        .bind(reader.value)
        .bind(modseq.value)
        .bind(int64_t{seen})
        .bind(mailbox.value)
        .bind(range.first.value)
        .bind(range.last.value)
        .run();
  }
}

void copy_private_seen(Transaction& tx, MailboxId mailbox, const UidRanges& from, MailboxId to, Uid first,
                       ModSeq modseq) {
  if (from.empty()) return;
  for (AccountId reader : list_readers(tx.db, mailbox)) {
    auto range = from.begin();
    int64_t before = 0;  // mails of the ranges before this one
    for (Row row : list_rows(tx.db, mailbox, reader, from.front().first, from.back().last)) {
      for (; range->last < row.uid; ++range) before += range->last.value - range->first.value + 1;
      if (row.uid < range->first) continue;
      row.uid = Uid{first.value + before + row.uid.value - range->first.value};
      insert_row(tx, to, reader, row, modseq);
    }
  }
}

void move_private_seen(Transaction& tx, MailboxId from, MailboxId to) {
  tx.db.prepare("UPDATE private_seen SET mailbox = ? WHERE mailbox = ?")
      .bind(to.value)
      .bind(from.value)
      .run();
}

void shift_private_seen(Transaction& tx, MailboxId mailbox, int64_t by) {
  tx.db.prepare("UPDATE private_seen SET uid = uid + ? WHERE mailbox = ?").bind(by).bind(mailbox.value).run();
}

void forget_private_seen(Transaction& tx, MailboxId mailbox, const UidRanges& uids) {
  for (AccountId reader : list_readers(tx.db, mailbox)) {
    for (const UidRange& range : uids) {
      tx.db.prepare("DELETE FROM private_seen WHERE mailbox = ? AND reader = ? AND uid BETWEEN ? AND ?")
          .bind(mailbox.value)
          .bind(reader.value)
          .bind(range.first.value)
          .bind(range.last.value)
          .run();
    }
  }
}

void forget_private_seen(Transaction& tx, AccountId reader) {
  tx.db
      .prepare(
          "DELETE FROM private_seen WHERE reader = ? AND mailbox IN (SELECT mailbox.id FROM mailbox "
          "JOIN account ON account.id = mailbox.account WHERE account.shared = 1)")
      .bind(reader.value)
      .run();
}

}  // namespace pabal::store

#include "store/mailboxes.h"

#include <algorithm>

namespace pabal::store {

namespace {

enum class ChangeKind : int64_t { added = 1, flags = 2, expunged = 3 };

constexpr int64_t kUidMax = 0xFFFFFFFF;  // RFC 9051 §2.3.1.1

// The account's next MODSEQ; counts what came (or went, below zero). Two
// statements here and in append(): for RETURNING, SQLite builds a table in
// memory each time, which costs more than the second one.
ModSeq next_modseq(Transaction& tx, AccountId account, int64_t octets, int64_t messages) {
  tx.db
      .prepare(
          "UPDATE account SET modseq = modseq + 1, used_octets = used_octets + ?, "
          "used_messages = used_messages + ? WHERE id = ?")
      .bind(octets)
      .bind(messages)
      .bind(account.value)
      .run();
  Statement select = tx.db.prepare("SELECT modseq FROM account WHERE id = ?");
  if (!select.bind(account.value).step())
    throw StoreError("account " + std::to_string(account.value) + " does not exist any more");
  return ModSeq{select.number(0)};
}

void record_change(Transaction& tx, AccountId account, ModSeq modseq, MailboxId mailbox, Uid uid,
                   ChangeKind kind) {
  tx.db.prepare("INSERT INTO change (account, modseq, mailbox, uid, kind) VALUES (?, ?, ?, ?, ?)")
      .bind(account.value)
      .bind(modseq.value)
      .bind(mailbox.value)
      .bind(uid.value)
      .bind(static_cast<int64_t>(kind))
      .run();
}

struct DefaultMailbox {
  const char* name;
  const char* special_use;  // RFC 6154
};
constexpr DefaultMailbox kDefaultMailboxes[] = {
    {"INBOX", ""},        {"Drafts", "\\Drafts"}, {"Sent", "\\Sent"},
    {"Trash", "\\Trash"}, {"Junk", "\\Junk"},     {"Archive", "\\Archive"},
};

// Above the account's own id, so that ids of mailboxes rise with time like all others.
int64_t first_free_mailbox_id(Transaction& tx, AccountId account) {
  Statement select = tx.db.prepare("SELECT max(id) FROM mailbox");
  select.step();
  return std::max(select.number(0), account.value) + 1;
}

}  // namespace

void create_default_mailboxes(Transaction& tx, AccountId account) {
  int64_t first = first_free_mailbox_id(tx, account);
  int64_t id = first;
  for (const DefaultMailbox& mailbox : kDefaultMailboxes) {
    tx.db
        .prepare(
            "INSERT INTO mailbox (id, account, name, special_use, uidvalidity, uidnext, modseq, messages, "
            "octets) VALUES (?, ?, ?, ?, ?, 1, 0, 0, 0)")
        .bind(id++)
        .bind(account.value)
        .bind(mailbox.name)
        .bind(mailbox.special_use)
        // Seconds: never equal to that of a mailbox of this name before.
        .bind(tx.now.ms / 1000)
        .run();
  }
  tx.db.prepare("UPDATE account SET inbox = ? WHERE id = ?").bind(first).bind(account.value).run();
}

std::optional<MailboxId> find_mailbox(Database& db, AccountId account, std::string_view name) {
  Statement select = db.prepare("SELECT id FROM mailbox WHERE account = ? AND name = ?");
  if (!select.bind(account.value).bind(name).step()) return std::nullopt;
  return MailboxId{select.number(0)};
}

std::optional<UidValidity> uid_validity(Database& db, MailboxId mailbox) {
  Statement select = db.prepare("SELECT uidvalidity FROM mailbox WHERE id = ?");
  if (!select.bind(mailbox.value).step()) return std::nullopt;
  return UidValidity{select.number(0)};
}

Uid append(Transaction& tx, AccountId account, MailboxId mailbox, const MessageRecord& message,
           uint32_t flags) {
  int64_t octets = static_cast<int64_t>(message.size_octets + message.prefix.size());
  ModSeq modseq = next_modseq(tx, account, octets, 1);
  tx.db
      .prepare(
          "UPDATE mailbox SET uidnext = uidnext + 1, modseq = ?, messages = messages + 1, "
          "octets = octets + ? WHERE id = ? AND account = ?")
      .bind(modseq.value)
      .bind(octets)
      .bind(mailbox.value)
      .bind(account.value)
      .run();
  Uid uid;
  {
    Statement select = tx.db.prepare("SELECT uidnext - 1 FROM mailbox WHERE id = ? AND account = ?");
    if (!select.bind(mailbox.value).bind(account.value).step())
      throw StoreError("mailbox " + std::to_string(mailbox.value) + " does not exist any more");
    uid = Uid{select.number(0)};
  }
  if (uid.value >= kUidMax)
    throw StoreError("mailbox " + std::to_string(mailbox.value) + " has no UIDs left");
  tx.db
      .prepare(
          "INSERT INTO mail (mailbox, uid, message, modseq, flags, size_octets, internal_date) "
          "VALUES (?, ?, ?, ?, ?, ?, ?)")
      .bind(mailbox.value)
      .bind(uid.value)
      .bind(message.id.value)
      .bind(modseq.value)
      .bind(int64_t{flags})
      .bind(octets)
      .bind(message.received_at.ms)
      .run();
  record_change(tx, account, modseq, mailbox, uid, ChangeKind::added);
  return uid;
}

std::vector<Mail> list_mails(Database& db, MailboxId mailbox) {
  Statement select = db.prepare(
      "SELECT uid, message, modseq, flags, size_octets, internal_date FROM mail WHERE mailbox = ? "
      "ORDER BY uid");
  select.bind(mailbox.value);
  std::vector<Mail> mails;
  while (select.step()) {
    mails.push_back({mailbox,
                     {select.number(0)},
                     {select.number(1)},
                     {select.number(2)},
                     static_cast<uint32_t>(select.number(3)),
                     static_cast<uint64_t>(select.number(4)),
                     {select.number(5)}});
  }
  return mails;
}

void expunge(Transaction& tx, AccountId account, MailboxId mailbox, const std::vector<Uid>& uids) {
  for (Uid uid : uids) {
    MessageId message;
    int64_t octets;
    {
      Statement remove =
          tx.db.prepare("DELETE FROM mail WHERE mailbox = ? AND uid = ? RETURNING message, size_octets");
      if (!remove.bind(mailbox.value).bind(uid.value).step()) continue;
      message = MessageId{remove.number(0)};
      octets = remove.number(1);
    }
    ModSeq modseq = next_modseq(tx, account, -octets, -1);
    tx.db.prepare("UPDATE mailbox SET modseq = ?, messages = messages - 1, octets = octets - ? WHERE id = ?")
        .bind(modseq.value)
        .bind(octets)
        .bind(mailbox.value)
        .run();
    record_change(tx, account, modseq, mailbox, uid, ChangeKind::expunged);
    release_message(tx, message);
  }
}

std::optional<Usage> usage(Database& db, AccountId account) {
  Statement select = db.prepare("SELECT used_octets, used_messages, quota_octets FROM account WHERE id = ?");
  if (!select.bind(account.value).step()) return std::nullopt;
  return Usage{static_cast<uint64_t>(select.number(0)), static_cast<uint64_t>(select.number(1)),
               static_cast<uint64_t>(select.number(2))};
}

}  // namespace pabal::store

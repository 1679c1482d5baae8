#include "store/counters.h"

#include <algorithm>
#include <map>
#include <set>

#include "store/changes.h"
#include "store/tally.h"
#include "store/uid_validity.h"

namespace pabal::store {

namespace {

constexpr int64_t kNearTheEnd = int64_t{1} << 28;  // of UIDVALIDITYs

// The newest that the change feed knows of a mailbox.
struct Newest {
  int64_t uid = 0, modseq = 0;
};

class AccountCounters {
 public:
  AccountCounters(Database& db, AccountId account) : db_(db), account_(account) {}

  std::vector<WrongCounter> compare() {
    Statement select = db_.prepare(
        "SELECT address, used_octets, used_messages, modseq, last_uidvalidity FROM account WHERE id = ?");
    if (!select.bind(account_.value).step()) return {};
    address_ = select.text(0);
    read_changes();
    compare_mailboxes();
    add_annotations();
    expect_equal({WrongCounter::account, "used_octets", {}, {}, address_}, select.number(1), octets_);
    expect_equal({WrongCounter::account, "used_messages", {}, {}, address_}, select.number(2), messages_);
    expect_least({WrongCounter::account, "modseq", {}, {}, address_}, select.number(3), modseq_);
    // Of the highest that there can be, later ones are below: they begin again.
    if (uidvalidity_ < kUidValidityMax - kNearTheEnd)
      expect_least({WrongCounter::account, "last_uidvalidity", {}, {}, address_}, select.number(4),
                   uidvalidity_);
    return std::move(wrong_);
  }

 private:
  struct Counter {
    WrongCounter::Table table;
    const char* column;
    MailboxId mailbox;
    Uid uid;
    std::string name;
  };

  void add(const Counter& c, int64_t stored, int64_t right) {
    wrong_.push_back({c.table, c.column, account_, c.mailbox, c.uid, c.name, stored, right});
  }
  void expect_equal(const Counter& c, int64_t stored, int64_t right) {
    if (stored != right) add(c, stored, right);
  }
  void expect_least(const Counter& c, int64_t stored, int64_t least) {
    if (stored < least) add(c, stored, least);
  }

  void read_changes() {
    Statement select = db_.prepare(
        "SELECT mailbox, max(uid_last), max(CASE WHEN kind <= ? THEN modseq ELSE 0 END), max(modseq) "
        "FROM change WHERE account = ? GROUP BY mailbox");
    select.bind(static_cast<int64_t>(kLastMailboxKind)).bind(account_.value);
    while (select.step()) {
      newest_[select.number(0)] = {select.number(1), select.number(2)};
      modseq_ = std::max(modseq_, select.number(3));
    }
  }

  void compare_mailboxes() {
    Statement select = db_.prepare(
        "SELECT id, name, messages, octets, uidnext, modseq, uidvalidity, unseen, deleted, deleted_octets "
        "FROM mailbox WHERE account = ? "
        "ORDER BY id");
    select.bind(account_.value);
    while (select.step()) compare_mailbox(select);
  }

  void compare_mailbox(const Statement& row) {
    const MailboxId id{row.number(0)};
    const std::string name = address_ + ' ' + row.text(1);
    Newest newest = newest_[id.value];
    Tally found;
    Statement select = db_.prepare(
        "SELECT mail.uid, mail.size_octets, mail.modseq, message.size_octets + length(message.prefix) + "
        "CASE message.deliveries WHEN 0 THEN 0 ELSE coalesce((SELECT length(fields) FROM delivery "
        "WHERE delivery.message = mail.message AND delivery.account = ?), 0) END, mail.flags "
        "FROM mail LEFT JOIN message ON message.id = mail.message WHERE mail.mailbox = ?");
    select.bind(account_.value).bind(id.value);
    while (select.step()) {
      // Of a mail whose message is lost the size that it had counts on.
      int64_t size = select.number(select.is_null(3) ? 1 : 3);
      expect_equal({WrongCounter::mail, "size_octets", id, {select.number(0)}, name}, select.number(1), size);
      found.add(static_cast<uint64_t>(select.number(4)), size);
      newest.uid = std::max(newest.uid, select.number(0));
      newest.modseq = std::max(newest.modseq, select.number(2));
    }
    expect_equal({WrongCounter::mailbox, "messages", id, {}, name}, row.number(2), found.messages);
    expect_equal({WrongCounter::mailbox, "octets", id, {}, name}, row.number(3), found.octets);
    expect_equal({WrongCounter::mailbox, "unseen", id, {}, name}, row.number(7), found.flags.unseen);
    expect_equal({WrongCounter::mailbox, "deleted", id, {}, name}, row.number(8), found.flags.deleted);
    expect_equal({WrongCounter::mailbox, "deleted_octets", id, {}, name}, row.number(9),
                 found.flags.deleted_octets);
    expect_least({WrongCounter::mailbox, "uidnext", id, {}, name}, row.number(4), newest.uid + 1);
    expect_least({WrongCounter::mailbox, "modseq", id, {}, name}, row.number(5), newest.modseq);
    messages_ += found.messages;
    octets_ += found.octets;
    modseq_ = std::max({modseq_, newest.modseq, row.number(5)});
    uidvalidity_ = std::max(uidvalidity_, row.number(6));
  }

  // See quota.h.
  void add_annotations() {
    Statement select = db_.prepare(
        "SELECT coalesce(sum(octets), 0) FROM ("
        "SELECT length(CAST(entry AS BLOB)) + length(value) AS octets FROM metadata WHERE owner = ? UNION "
        "ALL "
        "SELECT length(CAST(entry AS BLOB)) + length(value) AS octets FROM metadata WHERE owner = 0 "
        "AND mailbox IN (SELECT id FROM mailbox WHERE account = ?)) AS annotations");
    select.bind(account_.value).bind(account_.value).step();
    octets_ += select.number(0);
  }

  Database& db_;
  const AccountId account_;
  std::string address_;
  std::map<int64_t, Newest> newest_;  // by mailbox
  int64_t messages_ = 0, octets_ = 0, modseq_ = 0, uidvalidity_ = 0;
  std::vector<WrongCounter> wrong_;
};

void write(Transaction& tx, const WrongCounter& counter) {
  std::string sql = "UPDATE ";
  switch (counter.table) {
    case WrongCounter::account:
      sql += "account SET " + std::string(counter.column) + " = ? WHERE id = ?";
      tx.db.prepare(sql).bind(counter.right).bind(counter.owner.value).run();
      break;
    case WrongCounter::mailbox:
      sql += "mailbox SET " + std::string(counter.column) + " = ? WHERE id = ?";
      tx.db.prepare(sql).bind(counter.right).bind(counter.box.value).run();
      break;
    case WrongCounter::mail:
      sql += "mail SET " + std::string(counter.column) + " = ? WHERE mailbox = ? AND uid = ?";
      tx.db.prepare(sql).bind(counter.right).bind(counter.box.value).bind(counter.uid.value).run();
  }
}

}  // namespace

std::vector<WrongCounter> compare_counters(Database& db) {
  std::vector<WrongCounter> wrong;
  Statement select = db.prepare("SELECT id FROM account ORDER BY id");
  while (select.step()) {
    for (WrongCounter& counter : AccountCounters(db, AccountId{select.number(0)}).compare())
      wrong.push_back(std::move(counter));
  }
  return wrong;
}

std::vector<WrongCounter> repair_counters(Transaction& tx, const std::vector<WrongCounter>& wrong) {
  std::set<AccountId> accounts;
  for (const WrongCounter& counter : wrong) accounts.insert(counter.owner);
  std::vector<WrongCounter> repaired;
  for (AccountId account : accounts) {
    for (WrongCounter& counter : AccountCounters(tx.db, account).compare()) {
      write(tx, counter);
      repaired.push_back(std::move(counter));
    }
  }
  return repaired;
}

}  // namespace pabal::store

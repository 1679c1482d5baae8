// The tree of mailboxes: looking, making, renaming, deleting; subscriptions; keywords.
#include "store/mailboxes.h"

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "base/verify.h"
#include "store/changes.h"
#include "store/private_seen.h"
#include "store/sharing.h"
#include "store/uid_validity.h"

namespace pabal::store {

namespace {

constexpr std::string_view kInbox = "INBOX";

struct DefaultMailbox {
  const char* name;
  const char* special_use;  // RFC 6154
};
constexpr DefaultMailbox kDefaultMailboxes[] = {
    {"INBOX", ""},        {"Drafts", "\\Drafts"}, {"Sent", "\\Sent"},
    {"Trash", "\\Trash"}, {"Junk", "\\Junk"},     {"Archive", "\\Archive"},
};

// INBOX is the same in every case (RFC 9051 §5.1).
std::string_view canonical(std::string_view name) {
  return iequals(name, kInbox) ? kInbox : name;
}

constexpr std::string_view kLastRemoved = "last_removed_mailbox";  // in meta

// Above the account's own id, so that ids of mailboxes rise with time like all
// others; above those that were removed, because MAILBOXID is for ever (RFC 8474
// §4) and the change feed still knows them.
int64_t free_mailbox_id(Transaction& tx, AccountId account) {
  Statement select = tx.db.prepare(
      "SELECT coalesce(max(id), 0), coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = ?), 0) "
      "FROM mailbox");
  select.bind(kLastRemoved).step();
  return std::max({select.number(0), select.number(1), account.value}) + 1;
}

MailboxId insert_mailbox(Transaction& tx, AccountId account, std::string_view name,
                         std::string_view special_use, ModSeq modseq) {
  MailboxId id{free_mailbox_id(tx, account)};
  UidValidity validity = new_uid_validity(tx, account);
  tx.db
      .prepare(
          "INSERT INTO mailbox (id, account, name, special_use, uidvalidity, uidnext, modseq, messages, "
          "octets, keywords) VALUES (?, ?, ?, ?, ?, 1, ?, 0, 0, '')")
      .bind(id.value)
      .bind(account.value)
      .bind(name)
      .bind(special_use)
      .bind(validity.value)
      .bind(modseq.value)
      .run();
  record_change(tx, account, {modseq, id, {}, {}, ChangeKind::mailbox_made});
  return id;
}

void touch_mailbox(Transaction& tx, AccountId account, MailboxId mailbox, ModSeq modseq) {
  tx.db.prepare("UPDATE mailbox SET modseq = ? WHERE id = ?").bind(modseq.value).bind(mailbox.value).run();
  record_change(tx, account, {modseq, mailbox, {}, {}, ChangeKind::mailbox});
}

// False: it was so already.
bool write_subscription(Transaction& tx, AccountId account, std::string_view name, bool subscribed) {
  tx.db
      // Whose account has been removed meanwhile subscribes to nothing.
      .prepare(subscribed
                   ? "INSERT INTO subscription (account, name) SELECT id, ?2 FROM account WHERE id = ?1 "
                     "ON CONFLICT DO NOTHING"
                   : "DELETE FROM subscription WHERE account = ?1 AND name = ?2")
      .bind(account.value)
      .bind(canonical(name))
      .run();
  return tx.db.changes() > 0;
}

std::vector<std::string> split_keywords(std::string_view text) {
  std::vector<std::string> keywords;
  if (text.empty()) return keywords;
  for (std::string_view keyword : split(text, ' ')) keywords.emplace_back(keyword);
  return keywords;
}

constexpr std::string_view kMailboxColumns =
    "SELECT id, account, name, special_use, uidvalidity, uidnext, modseq, messages, octets, keywords, "
    "unseen, "
    "deleted, deleted_octets FROM mailbox ";

Mailbox read_mailbox(const Statement& row) {
  return {{row.number(0)},
          {row.number(1)},
          row.text(2),
          row.text(3),
          {row.number(4)},
          {row.number(5)},
          {row.number(6)},
          static_cast<uint64_t>(row.number(7)),
          static_cast<uint64_t>(row.number(8)),
          split_keywords(row.view(9)),
          {.unseen = row.number(10), .deleted = row.number(11), .deleted_octets = row.number(12)}};
}

// With everything that hangs on it. Its mails are gone already.
void remove_mailbox_row(Transaction& tx, MailboxId mailbox) {
  remove_annotations(tx, mailbox);
  for (const char* sql : {"DELETE FROM acl WHERE mailbox = ?", "DELETE FROM mailbox WHERE id = ?"}) {
    tx.db.prepare(sql).bind(mailbox.value).run();
  }
  raise_mailbox_ids(tx, mailbox);
}

void remove_mailbox(Transaction& tx, AccountId account, MailboxId mailbox) {
  expunge(tx, account, mailbox, {{{1}, {INT64_MAX}}});
  remove_mailbox_row(tx, mailbox);
  record_change(tx, account, {next_modseq(tx, account), mailbox, {}, {}, ChangeKind::mailbox_removed});
}

struct Rename {
  MailboxId mailbox;
  std::string from, to;
};

// The mails of INBOX go into the new mailbox with the UIDs that they have: its
// UIDVALIDITY is another.
void move_inbox_mails(Transaction& tx, AccountId account, const Mailbox& inbox, std::string_view to) {
  const auto [modseq, group] = advance(tx, account);
  MailboxId target = insert_mailbox(tx, account, to, "", modseq);
  tx.db
      .prepare(
          "UPDATE mailbox SET uidnext = ?, messages = ?, octets = ?, keywords = ?, unseen = ?, deleted = ?, "
          "deleted_octets = ? WHERE id = ? AND account = ?")
      .bind(inbox.uid_next.value)
      .bind(static_cast<int64_t>(inbox.messages))
      .bind(static_cast<int64_t>(inbox.octets))
      .bind(join(inbox.keywords, " "))
      .bind(inbox.flags.unseen)
      .bind(inbox.flags.deleted)
      .bind(inbox.flags.deleted_octets)
      .bind(target.value)
      .bind(account.value)
      .run();
  tx.db.prepare("UPDATE mail SET mailbox = ?, modseq = ?, saved_at = ? WHERE mailbox = ?")
      .bind(target.value)
      .bind(modseq.value)
      .bind(tx.now.ms)
      .bind(inbox.id.value)
      .run();
  if (group) move_private_seen(tx, inbox.id, target);
  tx.db
      .prepare(
          "UPDATE mailbox SET messages = 0, octets = 0, unseen = 0, deleted = 0, deleted_octets = 0, "
          "modseq = ? WHERE id = ?")
      .bind(modseq.value)
      .bind(inbox.id.value)
      .run();
  if (inbox.messages == 0) return;
  Uid last{inbox.uid_next.value - 1};
  record_change(tx, account, {modseq, inbox.id, {1}, last, ChangeKind::expunged});
  record_change(tx, account, {modseq, target, {1}, last, ChangeKind::added});
}

}  // namespace

void create_default_mailboxes(Transaction& tx, AccountId account) {
  ModSeq modseq = next_modseq(tx, account);
  for (const DefaultMailbox& mailbox : kDefaultMailboxes) {
    MailboxId id = insert_mailbox(tx, account, mailbox.name, mailbox.special_use, modseq);
    write_subscription(tx, account, mailbox.name, true);
    if (mailbox.name != kInbox) continue;
    tx.db.prepare("UPDATE account SET inbox = ? WHERE id = ?").bind(id.value).bind(account.value).run();
  }
}

std::optional<MailboxId> find_mailbox(Database& db, AccountId account, std::string_view name) {
  Statement select = db.prepare("SELECT id FROM mailbox WHERE account = ? AND name = ?");
  if (!select.bind(account.value).bind(canonical(name)).step()) return std::nullopt;
  return MailboxId{select.number(0)};
}

std::optional<Mailbox> find_mailbox(Database& db, MailboxId mailbox) {
  Statement select = db.prepare(std::string(kMailboxColumns) + "WHERE id = ?");
  if (!select.bind(mailbox.value).step()) return std::nullopt;
  return read_mailbox(select);
}

std::vector<Mailbox> list_mailboxes(Database& db, AccountId account) {
  Statement select = db.prepare(std::string(kMailboxColumns) + "WHERE account = ? ORDER BY name");
  select.bind(account.value);
  std::vector<Mailbox> mailboxes;
  while (select.step()) mailboxes.push_back(read_mailbox(select));
  return mailboxes;
}

std::optional<UidValidity> uid_validity(Database& db, MailboxId mailbox) {
  Statement select = db.prepare("SELECT uidvalidity FROM mailbox WHERE id = ?");
  if (!select.bind(mailbox.value).step()) return std::nullopt;
  return UidValidity{select.number(0)};
}

std::expected<MailboxId, MailboxError> create_mailbox(Transaction& tx, AccountId account,
                                                      std::string_view name, std::string_view special_use) {
  if (name.size() > kMailboxNameMax) return std::unexpected(MailboxError::name_too_long);
  if (find_mailbox(tx.db, account, name)) return std::unexpected(MailboxError::exists);
  {
    Statement select = tx.db.prepare("SELECT count(*) FROM mailbox WHERE account = ?");
    select.bind(account.value).step();
    if (select.number(0) >= static_cast<int64_t>(kMailboxesMax))
      return std::unexpected(MailboxError::too_many);
  }
  return insert_mailbox(tx, account, name, special_use, next_modseq(tx, account));
}

std::expected<void, MailboxError> rename_mailbox(Transaction& tx, AccountId account, std::string_view from,
                                                 std::string_view to) {
  from = canonical(from);
  to = canonical(to);
  std::optional<MailboxId> mailbox = find_mailbox(tx.db, account, from);
  if (to.size() > kMailboxNameMax) return std::unexpected(MailboxError::name_too_long);
  if (find_mailbox(tx.db, account, to)) return std::unexpected(MailboxError::exists);
  std::vector<Mailbox> all = list_mailboxes(tx.db, account);
  if (from == kInbox && mailbox) {
    if (all.size() >= kMailboxesMax) return std::unexpected(MailboxError::too_many);
    move_inbox_mails(tx, account, *find_mailbox(tx.db, *mailbox), to);
    return {};
  }

  std::vector<Rename> renames;
  std::set<std::string_view> others;
  const std::string below = std::string(from) + '/';
  for (const Mailbox& m : all) {
    if (m.name != from && !m.name.starts_with(below)) {
      others.insert(m.name);
      continue;
    }
    renames.push_back({m.id, m.name, std::string(to) + m.name.substr(from.size())});
    if (renames.back().to.size() > kMailboxNameMax) return std::unexpected(MailboxError::name_too_long);
  }
  if (renames.empty()) return std::unexpected(MailboxError::not_found);
  for (const Rename& rename : renames) {
    if (others.contains(rename.to)) return std::unexpected(MailboxError::exists);
  }
  // Below itself ("a" to "a/b") or out of itself: no name may be taken before
  // who has it has left it.
  std::ranges::sort(renames, {}, [&](const Rename& r) {
    auto length = static_cast<int64_t>(r.from.size());
    return to.size() > from.size() ? -length : length;
  });
  ModSeq modseq = next_modseq(tx, account);
  for (const Rename& rename : renames) {
    tx.db.prepare("UPDATE mailbox SET name = ? WHERE id = ?")
        .bind(rename.to)
        .bind(rename.mailbox.value)
        .run();
    touch_mailbox(tx, account, rename.mailbox, modseq);
  }
  return {};
}

void raise_mailbox_ids(Transaction& tx, MailboxId mailbox) {
  tx.db
      .prepare(
          "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = "
          "excluded.value WHERE CAST(meta.value AS INTEGER) < CAST(excluded.value AS INTEGER)")
      .bind(kLastRemoved)
      .bind(std::to_string(mailbox.value))
      .run();
}

void set_special_use(Transaction& tx, AccountId account, MailboxId mailbox, std::string_view special_use) {
  tx.db.prepare("UPDATE mailbox SET special_use = ? WHERE id = ?")
      .bind(special_use)
      .bind(mailbox.value)
      .run();
  touch_mailbox(tx, account, mailbox, next_modseq(tx, account));
}

std::expected<void, MailboxError> delete_mailbox(Transaction& tx, AccountId account, std::string_view name) {
  if (canonical(name) == kInbox) return std::unexpected(MailboxError::inbox);
  std::optional<MailboxId> mailbox = find_mailbox(tx.db, account, name);
  if (!mailbox) return std::unexpected(MailboxError::not_found);
  remove_mailbox(tx, account, *mailbox);
  return {};
}

void remove_account_data(Transaction& tx, AccountId account, std::string_view address) {
  for (const Mailbox& mailbox : list_mailboxes(tx.db, account)) remove_mailbox(tx, account, mailbox.id);
  remember_uid_validities(tx, account);
  forget_private_seen(tx, account);
  for (const char* sql :
       {"DELETE FROM change WHERE account = ?", "DELETE FROM subscription WHERE account = ?",
        "DELETE FROM metadata WHERE owner = ?", "DELETE FROM delivery WHERE account = ?",
        "DELETE FROM feed_cursor WHERE account = ?"}) {
    tx.db.prepare(sql).bind(account.value).run();
  }
  remove_acls_of(tx, address);
}

void set_subscribed(Transaction& tx, AccountId account, std::string_view name, bool subscribed) {
  if (!write_subscription(tx, account, name, subscribed)) return;
  const MailboxId mailbox = find_mailbox(tx.db, account, name).value_or(MailboxId{});
  record_change(tx, account, {next_modseq(tx, account), mailbox, {}, {}, ChangeKind::subscription});
}

std::vector<std::string> list_subscriptions(Database& db, AccountId account) {
  Statement select = db.prepare("SELECT name FROM subscription WHERE account = ? ORDER BY name");
  select.bind(account.value);
  std::vector<std::string> names;
  while (select.step()) names.push_back(select.text(0));
  return names;
}

std::optional<uint64_t> keyword_bits(Transaction& tx, AccountId account, MailboxId mailbox,
                                     const std::vector<std::string>& keywords) {
  std::vector<std::string> known;
  {
    Statement select = tx.db.prepare("SELECT keywords FROM mailbox WHERE id = ? AND account = ?");
    if (!select.bind(mailbox.value).bind(account.value).step())
      throw StoreError("mailbox " + std::to_string(mailbox.value) + " does not exist any more");
    known = split_keywords(select.view(0));
  }
  const size_t before = known.size();
  uint64_t bits = 0;
  for (const std::string& keyword : keywords) {
    verify(!keyword.empty() && keyword.find(' ') == std::string::npos, "a keyword is an atom");
    auto same = [&](const std::string& other) { return iequals(keyword, other); };
    auto found = std::ranges::find_if(known, same);
    if (found == known.end()) {
      if (known.size() >= kKeywordsMax) return std::nullopt;
      found = known.insert(known.end(), keyword);
    }
    bits |= uint64_t{1} << (kFirstKeywordBit + (found - known.begin()));
  }
  if (known.size() > before) {
    tx.db.prepare("UPDATE mailbox SET keywords = ? WHERE id = ?")
        .bind(join(known, " "))
        .bind(mailbox.value)
        .run();
    touch_mailbox(tx, account, mailbox, next_modseq(tx, account));
  }
  return bits;
}

}  // namespace pabal::store

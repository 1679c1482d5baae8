#include "store/sharing.h"

#include <algorithm>

#include "base/bytes.h"
#include "store/changes.h"
#include "store/quota.h"

namespace pabal::store {

namespace {

constexpr std::string_view kPrivate = "/private/";

AccountId account_of(Database& db, MailboxId mailbox) {
  Statement select = db.prepare("SELECT account FROM mailbox WHERE id = ?");
  return select.bind(mailbox.value).step() ? AccountId{select.number(0)} : AccountId{};
}

// Of an annotation, 0 if it is not there.
int64_t octets_of(Database& db, MailboxId mailbox, int64_t owner, std::string_view entry) {
  Statement select =
      db.prepare("SELECT length(value) FROM metadata WHERE mailbox = ? AND owner = ? AND entry = ?");
  select.bind(mailbox.value).bind(owner).bind(entry);
  return select.step() ? select.number(0) + static_cast<int64_t>(entry.size()) : 0;
}

}  // namespace

bool has_right(const std::vector<AclEntry>& acl, std::string_view address, char right) {
  bool given = false, taken = false;
  for (const AclEntry& entry : acl) {
    std::string_view who = entry.identifier;
    bool negative = who.starts_with('-');
    if (negative) who.remove_prefix(1);
    if ((who != address && who != kAnyone) || entry.rights.find(right) == std::string::npos) continue;
    (negative ? taken : given) = true;
  }
  return given && !taken;
}

std::vector<AclEntry> list_acl(Database& db, MailboxId mailbox) {
  Statement select = db.prepare("SELECT identifier, rights FROM acl WHERE mailbox = ? ORDER BY identifier");
  select.bind(mailbox.value);
  std::vector<AclEntry> entries;
  while (select.step()) entries.push_back({select.text(0), select.text(1)});
  return entries;
}

void record_acl(Transaction& tx, AccountId owner, MailboxId mailbox, AccountId account) {
  record_change(tx, owner, {next_modseq(tx, owner), mailbox, {}, {}, ChangeKind::rights});
  if (account == owner) return;
  // Rights can be given to an address that nobody has: whether somebody has it is not told.
  if (usage(tx.db, account)) {
    record_change(tx, account, {next_modseq(tx, account), mailbox, {}, {}, ChangeKind::shared});
  } else {
    tx.changes.push_back({account, MailboxId{}});
  }
}

void remove_acls_of(Transaction& tx, std::string_view address) {
  const std::string negative = '-' + std::string(address);
  std::vector<MailboxChange> mailboxes;
  {
    Statement select = tx.db.prepare(
        "SELECT DISTINCT mailbox.account, mailbox.id FROM acl JOIN mailbox ON mailbox.id = acl.mailbox "
        "WHERE acl.identifier = ? OR acl.identifier = ?");
    select.bind(address).bind(negative);
    while (select.step()) mailboxes.push_back({{select.number(0)}, {select.number(1)}});
  }
  tx.db.prepare("DELETE FROM acl WHERE identifier = ? OR identifier = ?").bind(address).bind(negative).run();
  for (const MailboxChange& m : mailboxes)
    record_change(tx, m.account, {next_modseq(tx, m.account), m.mailbox, {}, {}, ChangeKind::rights});
}

std::expected<void, AclError> set_acl(Transaction& tx, MailboxId mailbox, std::string_view identifier,
                                      std::string_view rights) {
  if (!account_of(tx.db, mailbox)) return std::unexpected(AclError::no_mailbox);
  tx.db.prepare("DELETE FROM acl WHERE mailbox = ? AND identifier = ?")
      .bind(mailbox.value)
      .bind(identifier)
      .run();
  if (rights.empty()) return {};
  {
    Statement select = tx.db.prepare("SELECT count(*) FROM acl WHERE mailbox = ?");
    select.bind(mailbox.value).step();
    if (select.number(0) >= static_cast<int64_t>(kAclEntriesMax)) return std::unexpected(AclError::too_many);
  }
  tx.db.prepare("INSERT INTO acl (mailbox, identifier, rights) VALUES (?, ?, ?)")
      .bind(mailbox.value)
      .bind(identifier)
      .bind(rights)
      .run();
  return {};
}

std::vector<MailboxId> list_shared_mailboxes(Database& db, AccountId reader,
                                             const std::vector<std::string>& identifiers) {
  std::vector<MailboxId> mailboxes;
  for (const std::string& identifier : identifiers) {
    Statement select = db.prepare(
        "SELECT acl.mailbox FROM acl JOIN mailbox ON mailbox.id = acl.mailbox "
        "WHERE acl.identifier = ? AND mailbox.account <> ?");
    select.bind(identifier).bind(reader.value);
    while (select.step()) mailboxes.push_back(MailboxId{select.number(0)});
  }
  std::ranges::sort(mailboxes);
  mailboxes.erase(std::ranges::unique(mailboxes).begin(), mailboxes.end());
  return mailboxes;
}

std::vector<Annotation> list_annotations(Database& db, MailboxId mailbox, AccountId reader) {
  Statement select = db.prepare(
      "SELECT entry, value FROM metadata WHERE mailbox = ? AND (owner = 0 OR owner = ?) ORDER BY entry");
  select.bind(mailbox.value).bind(reader.value);
  std::vector<Annotation> annotations;
  while (select.step()) annotations.push_back({select.text(0), select.text(1)});
  return annotations;
}

std::expected<void, AnnotationError> set_annotation(Transaction& tx, MailboxId mailbox, AccountId reader,
                                                    std::string_view entry,
                                                    const std::optional<std::string>& value) {
  const std::string name = to_lower(entry);
  const int64_t owner = name.starts_with(kPrivate) ? reader.value : 0;
  if (value && name.size() + value->size() > kAnnotationOctetsMax)
    return std::unexpected(AnnotationError::too_large);
  if (value) {
    Statement select =
        tx.db.prepare("SELECT count(*) FROM metadata WHERE mailbox = ? AND owner = ? AND entry <> ?");
    select.bind(mailbox.value).bind(owner).bind(name).step();
    if (select.number(0) >= static_cast<int64_t>(kAnnotationsMax))
      return std::unexpected(AnnotationError::too_many);
  }
  if ((mailbox && !account_of(tx.db, mailbox)) || !usage(tx.db, reader))
    return std::unexpected(AnnotationError::no_mailbox);
  const AccountId whose = owner != 0 ? AccountId{owner} : account_of(tx.db, mailbox);
  const int64_t octets = value ? static_cast<int64_t>(name.size() + value->size()) : 0;
  const int64_t more = octets - octets_of(tx.db, mailbox, owner, name);
  if (whose && !has_room(tx.db, whose, more)) return std::unexpected(AnnotationError::over_quota);
  count_annotation(tx, whose, more);
  if (const AccountId feed = mailbox ? account_of(tx.db, mailbox) : whose)
    record_change(tx, feed,
                  {next_modseq(tx, feed), mailbox, {}, {}, ChangeKind::annotation, AccountId{owner}});
  tx.db.prepare("DELETE FROM metadata WHERE mailbox = ? AND owner = ? AND entry = ?")
      .bind(mailbox.value)
      .bind(owner)
      .bind(name)
      .run();
  if (!value) return {};
  tx.db.prepare("INSERT INTO metadata (mailbox, owner, entry, value) VALUES (?, ?, ?, ?)")
      .bind(mailbox.value)
      .bind(owner)
      .bind(name)
      .bind_blob(*value)
      .run();
  return {};
}

void remove_annotations(Transaction& tx, MailboxId mailbox) {
  std::vector<std::pair<AccountId, int64_t>> sums;
  {
    Statement select = tx.db.prepare(
        "SELECT owner, sum(length(CAST(entry AS BLOB)) + length(value)) FROM metadata WHERE mailbox = ? "
        "GROUP BY owner");
    select.bind(mailbox.value);
    while (select.step()) {
      AccountId whose{select.number(0)};
      sums.emplace_back(whose ? whose : account_of(tx.db, mailbox), select.number(1));
    }
  }
  for (auto [whose, octets] : sums) count_annotation(tx, whose, -octets);
  tx.db.prepare("DELETE FROM metadata WHERE mailbox = ?").bind(mailbox.value).run();
}

std::optional<std::string> find_url_auth_key(Database& db, MailboxId mailbox) {
  Statement select = db.prepare("SELECT url_auth_key FROM mailbox WHERE id = ?");
  if (!select.bind(mailbox.value).step() || select.view(0).empty()) return std::nullopt;
  return select.text(0);
}

std::string url_auth_key(Transaction& tx, MailboxId mailbox, std::string_view fresh) {
  if (std::optional<std::string> key = find_url_auth_key(tx.db, mailbox)) return *key;
  tx.db.prepare("UPDATE mailbox SET url_auth_key = ? WHERE id = ?")
      .bind_blob(fresh)
      .bind(mailbox.value)
      .run();
  return std::string(fresh);
}

void reset_url_auth_key(Transaction& tx, MailboxId mailbox) {
  tx.db.prepare("UPDATE mailbox SET url_auth_key = x'' WHERE id = ?").bind(mailbox.value).run();
}

}  // namespace pabal::store

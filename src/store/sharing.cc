#include "store/sharing.h"

#include <algorithm>

#include "base/bytes.h"

namespace pabal::store {

namespace {

constexpr std::string_view kPrivate = "/private/";

}  // namespace

std::vector<AclEntry> list_acl(Database& db, MailboxId mailbox) {
  Statement select = db.prepare("SELECT identifier, rights FROM acl WHERE mailbox = ? ORDER BY identifier");
  select.bind(mailbox.value);
  std::vector<AclEntry> entries;
  while (select.step()) entries.push_back({select.text(0), select.text(1)});
  return entries;
}

bool set_acl(Transaction& tx, MailboxId mailbox, std::string_view identifier, std::string_view rights) {
  tx.db.prepare("DELETE FROM acl WHERE mailbox = ? AND identifier = ?")
      .bind(mailbox.value)
      .bind(identifier)
      .run();
  if (rights.empty()) return true;
  {
    Statement select = tx.db.prepare("SELECT count(*) FROM acl WHERE mailbox = ?");
    select.bind(mailbox.value).step();
    if (select.number(0) >= static_cast<int64_t>(kAclEntriesMax)) return false;
  }
  tx.db.prepare("INSERT INTO acl (mailbox, identifier, rights) VALUES (?, ?, ?)")
      .bind(mailbox.value)
      .bind(identifier)
      .bind(rights)
      .run();
  return true;
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

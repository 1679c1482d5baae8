// Who may do what in the mailboxes of others, as the operator sets it.
#include "directory/acls.h"

#include "base/bytes.h"
#include "directory/lookup.h"

namespace pabal::directory {

namespace {

std::expected<Account, Error> require_account(store::Database& db, std::string_view address) {
  std::optional<std::string> key = folded_login(db, trim(address));
  std::optional<StoredAccount> found = key ? find_account(db, *key) : std::nullopt;
  if (!found) return std::unexpected("there is no account " + std::string(address));
  return std::move(found->account);
}

struct Target {
  Account owner;
  std::vector<store::Mailbox> mailboxes;
};

// "team@example.org/INBOX": a local part may have a slash, a domain has none.
std::expected<Target, Error> find_target(store::Database& db, std::string_view text) {
  size_t slash = text.find('/', std::min(text.find('@'), text.size()));
  std::expected<Account, Error> owner = require_account(db, text.substr(0, slash));
  if (!owner) return std::unexpected(owner.error());
  Target target{std::move(*owner), {}};
  for (store::Mailbox& mailbox : store::list_mailboxes(db, target.owner.id)) {
    bool meant = slash == std::string_view::npos || mailbox.name == text.substr(slash + 1) ||
                 (mailbox.name == "INBOX" && iequals(text.substr(slash + 1), "INBOX"));
    if (meant) target.mailboxes.push_back(std::move(mailbox));
  }
  if (target.mailboxes.empty())
    return std::unexpected(target.owner.address + " has no mailbox " + std::string(text.substr(slash + 1)));
  return target;
}

struct Who {
  std::string identifier;
  AccountId account = store::kEverybody;
};

std::expected<Who, Error> require_identifier(store::Database& db, const Account& owner,
                                             std::string_view text) {
  std::string sign;
  if (text.starts_with('-')) {
    sign = "-";
    text.remove_prefix(1);
  }
  if (iequals(text, "anyone")) return Who{.identifier = sign + "anyone"};
  std::expected<Account, Error> account = require_account(db, text);
  if (!account) return std::unexpected(account.error());
  if (account->group) return std::unexpected(account->address + " is a group: nobody logs in there");
  if (account->id == owner.id)
    return std::unexpected(account->address + " is the owner, who always has all rights");
  return Who{.identifier = sign + account->address, .account = account->id};
}

}  // namespace

std::expected<std::vector<SharedMailbox>, Error> list_acls(store::Database& db, std::string_view mailbox) {
  std::expected<Target, Error> target = find_target(db, mailbox);
  if (!target) return std::unexpected(target.error());
  std::vector<SharedMailbox> out;
  for (const store::Mailbox& one : target->mailboxes)
    out.push_back({target->owner.address + "/" + one.name, store::list_acl(db, one.id)});
  return out;
}

std::expected<AclChange, Error> set_acls(store::Transaction& tx, std::string_view mailbox,
                                         std::string_view identifier, std::string_view rights) {
  std::expected<Target, Error> target = find_target(tx.db, mailbox);
  if (!target) return std::unexpected(target.error());
  std::expected<Who, Error> who = require_identifier(tx.db, target->owner, identifier);
  if (!who) return std::unexpected(who.error());
  AclChange change{who->identifier, target->owner, {}};
  for (const store::Mailbox& one : target->mailboxes) {
    if (!store::set_acl(tx, one.id, change.identifier, rights))
      return std::unexpected("the ACL of " + one.name + " has " + std::to_string(store::kAclEntriesMax) +
                             " entries, more are not possible");
    store::record_acl(tx, target->owner.id, one.id, who->account);
    change.mailboxes.push_back(one.id);
  }
  return change;
}

}  // namespace pabal::directory

// Administration of domains, accounts and aliases.
#include "directory/admin.h"

#include <algorithm>

#include "base/bytes.h"
#include "directory/lookup.h"
#include "directory/password.h"
#include "mail/precis.h"
#include "store/mailboxes.h"

namespace pabal::directory {

namespace {

std::expected<std::string, Error> fold_address(std::string_view text) {
  std::expected<mail::Address, std::string> address = mail::parse_address(trim(text), true);
  if (!address) return std::unexpected("'" + std::string(text) + "' is not an address: " + address.error());
  std::optional<std::string> key = folded(*address);
  if (!key) return std::unexpected("the domain of '" + std::string(text) + "' is not valid");
  return *key;
}

std::string domain_of(std::string_view folded_address) {
  return std::string(folded_address.substr(folded_address.rfind('@') + 1));
}

std::expected<StoredAccount, Error> require_account(store::Database& db, std::string_view address) {
  std::expected<std::string, Error> key = fold_address(address);
  if (!key) return std::unexpected(key.error());
  std::optional<StoredAccount> found = find_account(db, *key);
  if (!found) return std::unexpected("there is no account " + *key);
  return std::move(*found);
}

std::expected<std::string, Error> require_domain(store::Database& db, std::string_view name) {
  std::optional<std::string> ascii = mail::to_ascii_domain(trim(name));
  if (!ascii || !has_domain(db, *ascii))
    return std::unexpected("there is no domain " + std::string(name) + " here");
  return *ascii;
}

// A mail must not be able to end nowhere because of how we are set up.
std::expected<std::string, Error> require_reachable(store::Database& db, std::string_view target) {
  std::expected<std::string, Error> key = fold_address(target);
  if (!key) return key;
  if (look_up(db, *mail::parse_address(trim(target), true), {}).kind == Resolution::no_such_user)
    return std::unexpected("nobody has the address " + *key + ": make the account or alias first");
  return key;
}

bool leads_to(store::Database& db, const std::string& address, const std::string& target) {
  store::Statement select = db.prepare("SELECT 1 FROM alias WHERE address = ? AND target = ?");
  return select.bind(address).bind(target).step();
}

void insert_alias(store::Transaction& tx, const std::string& address, const std::string& target) {
  tx.db.prepare("INSERT INTO alias (address, target) VALUES (?, ?) ON CONFLICT DO NOTHING")
      .bind(address)
      .bind(target)
      .run();
}

void erase_alias(store::Transaction& tx, const std::string& address, const std::string& target) {
  tx.db.prepare("DELETE FROM alias WHERE address = ? AND target = ?").bind(address).bind(target).run();
}

// What leads to an address that is about to be gone: that has to go first.
std::optional<Error> left_without(store::Database& db, const std::string& address) {
  if (look_up(db, *mail::parse_address(address, true), {}).kind != Resolution::no_such_user)
    return std::nullopt;
  for (const Alias& alias : list_aliases(db)) {
    if (alias.target == address) return "alias " + alias.address + " leads to it: remove that first";
  }
  for (const Domain& domain : list_domains(db)) {
    if (domain.catch_all == address) return "it is the catch-all of " + domain.name + ": change that first";
  }
  return std::nullopt;
}

// nullopt if it may be used.
std::optional<Error> refuse_password(std::string_view password) {
  if (password.size() > kPasswordOctetsMax)
    return "the password is longer than " + std::to_string(kPasswordOctetsMax) + " octets";
  if (!password.empty() && !mail::prepare_password(password))
    return "the password must be UTF-8 without control characters";
  return std::nullopt;
}

std::expected<AccountId, Error> insert_account(store::Store& store, store::Transaction& tx,
                                               std::string_view address, bool group) {
  std::expected<std::string, Error> key = fold_address(address);
  if (!key) return std::unexpected(key.error());
  if (!has_domain(tx.db, domain_of(*key)))
    return std::unexpected("domain " + domain_of(*key) + " is not here: add it first");
  if (find_account(tx.db, *key)) return std::unexpected("account " + *key + " is there already");
  if (auto wrong = mail::unfit_for_name(key->substr(0, key->rfind('@'))))
    return std::unexpected("the name of an account cannot have " + *wrong +
                           ", which nobody sees or which looks like other letters (RFC 8265)");
  for (const Alias& alias : list_aliases(tx.db)) {
    if (alias.address == *key)
      return std::unexpected(*key + " is an alias that leads to " + alias.target +
                             ", so that the account would get no mail: remove the alias first");
  }
  AccountId id{store.new_id()};
  tx.db
      .prepare(
          "INSERT INTO account (id, address, display_name, password, scram, disabled, quota_octets, "
          "used_octets, used_messages, modseq, inbox, created_at, shared) "
          "VALUES (?, ?, '', '', '', 0, 0, 0, 0, 0, 0, ?, ?)")
      .bind(id.value)
      .bind(*key)
      .bind(tx.now.ms)
      .bind(int64_t{group})
      .run();
  store::create_default_mailboxes(tx, id);
  touch(tx);
  return id;
}

void store_password(store::Transaction& tx, io::Random& random, AccountId account,
                    std::string_view password) {
  std::string phc, scram;
  if (!password.empty()) {
    phc = hash_password(password, random);
    scram = make_scram(password, random.octets(proto::sasl::kScramSaltOctets));
  }
  tx.db.prepare("UPDATE account SET password = ?, scram = ? WHERE id = ?")
      .bind(phc)
      .bind(scram)
      .bind(account.value)
      .run();
  end_logins(tx, account);
}

}  // namespace

std::expected<DomainId, Error> add_domain(store::Store& store, store::Transaction& tx,
                                          std::string_view name) {
  std::optional<std::string> ascii = mail::to_ascii_domain(trim(name));
  if (!ascii || mail::is_address_literal(*ascii) || !mail::is_domain(*ascii, false))
    return std::unexpected("'" + std::string(name) + "' is not a domain name");
  if (has_domain(tx.db, *ascii)) return std::unexpected("domain " + *ascii + " is there already");
  DomainId id{store.new_id()};
  tx.db.prepare("INSERT INTO domain (id, name, catch_all, created_at) VALUES (?, ?, '', ?)")
      .bind(id.value)
      .bind(*ascii)
      .bind(tx.now.ms)
      .run();
  touch(tx);
  return id;
}

std::expected<void, Error> remove_domain(store::Transaction& tx, std::string_view name) {
  std::expected<std::string, Error> domain = require_domain(tx.db, name);
  if (!domain) return std::unexpected(domain.error());
  for (const Account& account : list_accounts(tx.db)) {
    if (domain_of(account.address) == *domain)
      return std::unexpected("account " + account.address + " is in it: remove it first");
  }
  for (const Alias& alias : list_aliases(tx.db)) {
    if (domain_of(alias.address) == *domain)
      return std::unexpected("alias " + alias.address + " is in it: remove it first");
  }
  tx.db.prepare("DELETE FROM domain WHERE name = ?").bind(*domain).run();
  touch(tx);
  return {};
}

std::expected<void, Error> set_catch_all(store::Transaction& tx, std::string_view domain,
                                         std::string_view address) {
  std::expected<std::string, Error> name = require_domain(tx.db, domain);
  if (!name) return std::unexpected(name.error());
  std::string target;
  if (!address.empty()) {
    std::expected<std::string, Error> reachable = require_reachable(tx.db, address);
    if (!reachable) return std::unexpected(reachable.error());
    target = *reachable;
  }
  tx.db.prepare("UPDATE domain SET catch_all = ? WHERE name = ?").bind(target).bind(*name).run();
  touch(tx);
  return {};
}

std::vector<Domain> list_domains(store::Database& db) {
  store::Statement select = db.prepare("SELECT id, name, catch_all FROM domain ORDER BY id");
  std::vector<Domain> domains;
  while (select.step()) domains.push_back({DomainId{select.number(0)}, select.text(1), select.text(2)});
  return domains;
}

std::expected<AccountId, Error> add_account(store::Store& store, store::Transaction& tx, io::Random& random,
                                            std::string_view address, std::string_view password) {
  if (std::optional<Error> error = refuse_password(password)) return std::unexpected(*error);
  std::expected<AccountId, Error> id = insert_account(store, tx, address, false);
  if (id) store_password(tx, random, *id, password);
  return id;
}

std::expected<AccountId, Error> add_group(store::Store& store, store::Transaction& tx,
                                          std::string_view address) {
  return insert_account(store, tx, address, true);
}

std::expected<void, Error> set_password(store::Transaction& tx, io::Random& random, std::string_view address,
                                        std::string_view password) {
  std::expected<StoredAccount, Error> found = require_account(tx.db, address);
  if (!found) return std::unexpected(found.error());
  if (found->account.group)
    return std::unexpected(found->account.address + " is a group: nobody logs in there; see `pabal acl set`");
  if (std::optional<Error> error = refuse_password(password)) return std::unexpected(*error);
  store_password(tx, random, found->account.id, password);
  return {};
}

std::expected<void, Error> set_quota(store::Transaction& tx, std::string_view address, uint64_t octets) {
  std::expected<StoredAccount, Error> found = require_account(tx.db, address);
  if (!found) return std::unexpected(found.error());
  if (octets > INT64_MAX) return std::unexpected("the quota is too large");
  tx.db.prepare("UPDATE account SET quota_octets = ? WHERE id = ?")
      .bind(static_cast<int64_t>(octets))
      .bind(found->account.id.value)
      .run();
  touch(tx);
  return {};
}

std::expected<void, Error> set_disabled(store::Transaction& tx, std::string_view address, bool disabled) {
  std::expected<StoredAccount, Error> found = require_account(tx.db, address);
  if (!found) return std::unexpected(found.error());
  tx.db.prepare("UPDATE account SET disabled = ? WHERE id = ?")
      .bind(int64_t{disabled})
      .bind(found->account.id.value)
      .run();
  if (disabled) end_logins(tx, found->account.id);
  // Whom it shares them with reads there no longer, or again.
  for (const store::Mailbox& mailbox : store::list_mailboxes(tx.db, found->account.id))
    tx.changes.push_back({found->account.id, mailbox.id});
  touch(tx);
  return {};
}

std::expected<void, Error> remove_account(store::Transaction& tx, std::string_view address) {
  std::expected<StoredAccount, Error> found = require_account(tx.db, address);
  if (!found) return std::unexpected(found.error());
  AccountId id = found->account.id;
  for (const Alias& alias : list_aliases(tx.db)) {
    if (alias.target == found->account.address)
      return std::unexpected("alias " + alias.address + " leads to it: remove that first");
  }
  for (const Domain& domain : list_domains(tx.db)) {
    if (domain.catch_all == found->account.address)
      return std::unexpected("it is the catch-all of " + domain.name + ": change that first");
  }
  store::remove_account_data(tx, id, found->account.address);
  for (const char* sql : {"DELETE FROM app_password WHERE account = ?", "DELETE FROM account WHERE id = ?"})
    tx.db.prepare(sql).bind(id.value).run();
  tx.changes.push_back({id, MailboxId{}});
  touch(tx);
  return {};
}

std::vector<Account> list_accounts(store::Database& db) {
  std::vector<std::string> addresses;
  {
    store::Statement select = db.prepare("SELECT address FROM account ORDER BY id");
    while (select.step()) addresses.push_back(select.text(0));
  }
  std::vector<Account> accounts;
  for (const std::string& address : addresses) accounts.push_back(find_account(db, address)->account);
  return accounts;
}

std::expected<void, Error> add_alias(store::Transaction& tx, std::string_view address,
                                     std::string_view target, bool over_account) {
  std::expected<std::string, Error> key = fold_address(address);
  if (!key) return std::unexpected(key.error());
  if (!has_domain(tx.db, domain_of(*key)))
    return std::unexpected("domain " + domain_of(*key) + " is not here: add it first");
  std::expected<std::string, Error> to = fold_address(target);
  if (!to) return std::unexpected(to.error());
  if (*to == *key && !find_account(tx.db, *key))
    return std::unexpected("an alias leads to itself only to keep a copy, and there is no account " + *key);
  if (*to != *key && closes_circle(tx.db, *key, *to))
    return std::unexpected(*to + " leads to " + *key + " already: the two would form a circle");
  std::expected<std::string, Error> reachable = require_reachable(tx.db, target);
  if (!reachable) return std::unexpected(reachable.error());
  if (!over_account && would_take_mail_from(tx.db, *key, *to))
    return std::unexpected(*key + " is an account, which would get no mail any more: lead it to itself too");
  insert_alias(tx, *key, *to);
  if (tx.db.changes() == 0) return std::unexpected("alias " + *key + " leads there already");
  if (leads_too_far(tx.db, *key)) {
    erase_alias(tx, *key, *to);
    return std::unexpected("from " + *key +
                           " on there would be more aliases behind each other than are followed");
  }
  touch(tx);
  return {};
}

std::expected<void, Error> remove_alias(store::Transaction& tx, std::string_view address,
                                        std::string_view target) {
  std::expected<std::string, Error> key = fold_address(address);
  if (!key) return std::unexpected(key.error());
  std::expected<std::string, Error> to = fold_address(target);
  if (!to) return std::unexpected(to.error());
  if (!leads_to(tx.db, *key, *to))
    return std::unexpected("there is no alias " + *key + " that leads to " + *to);
  erase_alias(tx, *key, *to);
  if (std::optional<Error> lost = left_without(tx.db, *key)) {
    insert_alias(tx, *key, *to);
    return std::unexpected(*lost);
  }
  touch(tx);
  return {};
}

bool would_take_mail_from(store::Database& db, std::string_view address, std::string_view target) {
  std::expected<std::string, Error> key = fold_address(address);
  std::expected<std::string, Error> to = fold_address(target);
  return key && to && *key != *to && find_account(db, *key) && !leads_to(db, *key, *key);
}

std::vector<Alias> list_aliases(store::Database& db) {
  store::Statement select = db.prepare("SELECT address, target FROM alias ORDER BY address, target");
  std::vector<Alias> aliases;
  while (select.step()) aliases.push_back({select.text(0), select.text(1)});
  return aliases;
}

}  // namespace pabal::directory

// Administration of domains, accounts and aliases: plain functions inside a
// transaction, for `pabal init`, `pabal account` and the like.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "directory/directory.h"
#include "io/world.h"

namespace pabal::directory {

struct Domain {
  DomainId id;
  std::string name;
  std::string catch_all;  // address that takes what nobody else does; "" for none
};

using Error = std::string;  // a sentence for people
std::expected<DomainId, Error> add_domain(store::Store& store, store::Transaction& tx, std::string_view name);
std::expected<void, Error> remove_domain(store::Transaction& tx, std::string_view name);
std::expected<void, Error> set_catch_all(store::Transaction& tx, std::string_view domain,
                                         std::string_view address);
std::vector<Domain> list_domains(store::Database& db);

// `password` is hashed here (Argon2id and SCRAM-SHA-256); "" for no login.
std::expected<AccountId, Error> add_account(store::Store& store, store::Transaction& tx, io::Random& random,
                                            std::string_view address, std::string_view password);
// An account that nobody logs in to; who may do what there says the ACL.
std::expected<AccountId, Error> add_group(store::Store& store, store::Transaction& tx,
                                          std::string_view address);
std::expected<void, Error> set_password(store::Transaction& tx, io::Random& random, std::string_view address,
                                        std::string_view password);
std::expected<void, Error> set_quota(store::Transaction& tx, std::string_view address, uint64_t octets);
std::expected<void, Error> set_disabled(store::Transaction& tx, std::string_view address, bool disabled);
std::expected<void, Error> remove_account(store::Transaction& tx, std::string_view address);
std::vector<Account> list_accounts(store::Database& db);

struct Alias {
  std::string address, target;
};
// over_account: also if `address` is an account, which then gets no mail any more
// unless another alias leads it to itself.
std::expected<void, Error> add_alias(store::Transaction& tx, std::string_view address,
                                     std::string_view target, bool over_account = false);
// Whether `address` is an account that would get no mail any more through such an alias.
bool would_take_mail_from(store::Database& db, std::string_view address, std::string_view target);
std::expected<void, Error> remove_alias(store::Transaction& tx, std::string_view address,
                                        std::string_view target);
std::vector<Alias> list_aliases(store::Database& db);

}  // namespace pabal::directory

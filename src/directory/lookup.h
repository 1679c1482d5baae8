// Looking up who lives here: the rules of addresses over the tables domain,
// account and alias. Plain functions on one snapshot.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "directory/directory.h"

namespace pabal::directory {

// The form under which an address stands in the tables: local part folded,
// domain as A-labels. nullopt if the domain has no such form.
std::optional<std::string> folded(const mail::Address& address);

// A login name: an address, or a local part alone for the default domain.
std::optional<std::string> folded_login(store::Database& db, std::string_view name);

bool has_domain(store::Database& db, std::string_view ascii_domain);
// The oldest one; "" when there is none.
std::string default_domain(store::Database& db);

struct StoredAccount {
  Account account;
  std::string password;  // PHC string, "" for no login
  std::string scram;     // text form of a ScramSecret, "" for none
};
std::optional<StoredAccount> find_account(store::Database& db, std::string_view folded_address);
std::optional<StoredAccount> find_account_by_id(store::Database& db, AccountId id);

// hostname: the server's own name; "" to know none. See Directory::resolve.
Resolution look_up(store::Database& db, const mail::Address& address, const std::string& hostname);

// The domain of the table that addresses at `domain` belong to: itself, or for the
// server's own name the default domain; nullopt if it is not ours.
std::optional<std::string> home_domain(store::Database& db, std::string_view domain,
                                       const std::string& hostname);

// Whether mail to `from` would come back to it without reaching anybody, once `from`
// leads to `to` as well; or be handed on more often than aliases are followed.
bool closes_circle(store::Database& db, const std::string& from, const std::string& to);
bool leads_too_far(store::Database& db, const std::string& address);

// Tells caches and sessions, here and in other processes, that domains, accounts or
// aliases have changed.
void touch(store::Transaction& tx);

// What let somebody in does so no longer: who has logged in as this account is logged
// out, in this process and in others.
void end_logins(store::Transaction& tx, AccountId account);

}  // namespace pabal::directory

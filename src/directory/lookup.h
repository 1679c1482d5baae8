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

Resolution look_up(store::Database& db, const mail::Address& address);

}  // namespace pabal::directory

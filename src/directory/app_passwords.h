// Passwords of an account for one program each.
#pragma once

#include "directory/admin.h"

namespace pabal::directory {

// The new app password is returned once and never shown again.
std::expected<std::string, Error> add_app_password(store::Store& store, store::Transaction& tx,
                                                   io::Random& random, std::string_view address,
                                                   std::string_view label);
std::expected<void, Error> remove_app_password(store::Transaction& tx, std::string_view address,
                                               std::string_view label);
struct AppPassword {
  std::string label;
  Time created_at;
};
std::vector<AppPassword> list_app_passwords(store::Database& db, std::string_view address);

}  // namespace pabal::directory

// The secrets of SCRAM (RFC 5802), which names must not be probed by.
#pragma once

#include <string>

#include "directory/directory.h"

namespace pabal::directory {

// The secret of who logs in as `name`, or what a stranger is shown.
ScramAnswer find_scram(store::Database& db, const std::string& name);

// Takes the place of a weak one, if the password is still what it was made from.
void replace_scram(store::Transaction& tx, AccountId account, const std::string& password_phc,
                   const std::string& scram);

}  // namespace pabal::directory

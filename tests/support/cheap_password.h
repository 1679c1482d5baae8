// Passwords for tests that log in hundreds of times.
#pragma once

#include <string>

#include "base/ids.h"
#include "store/store.h"

namespace pabal::test {

// The cost of checking a password stands in its hash, and the real one would be
// most of the time of such a test: this hash is of the same kind and cheap.
void set_cheap_password(store::Transaction& tx, AccountId account, const std::string& password);

}  // namespace pabal::test

// Leftovers: rows that hang on a message, mailbox or account that is gone. Who
// removes one of these removes what hangs on it in the same transaction, so there
// are none unless something was damaged or written by hand.
#pragma once

#include <string>
#include <vector>

#include "store/store.h"

namespace pabal::store {

// "summary of message 123". Throws StoreError.
std::vector<std::string> list_leftovers(Database& db);
// Returns how many rows.
uint64_t remove_leftovers(Transaction& tx);

}  // namespace pabal::store

// Addresses in the tables stand in the form that mail/precis.h gives them. Stores of
// before that was so are brought to it once.
#pragma once

#include "store/sqlite.h"

namespace pabal::store {

// In a transaction of its own, if it was not done yet. An address whose folded form
// somebody else has stays as it is.
void fold_stored_names(Database& db);

}  // namespace pabal::store

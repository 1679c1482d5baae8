// UIDVALIDITY: the number of a numbering (RFC 9051 §2.3.1.1). It comes from the
// clock, so that it rises even where nobody remembers what was given before: an
// account that was removed and made again, a store that was put back.
#pragma once

#include <cstdint>

#include "base/ids.h"
#include "base/time.h"
#include "store/store.h"

namespace pabal::store {

inline constexpr int64_t kUidValidityMax = 0xFFFFFFFF;  // it has 32 bits

// The next one of a mailbox of `account`: above all that the account was given
// before, and of nobody that has its address later. Throws StoreError: no such account.
UidValidity new_uid_validity(Transaction& tx, AccountId account);

// What new_uid_validity goes by. `last`: the highest that was given, 0 for none.
// Above it, unless 32 bits do not allow it: then it begins again at the present time.
int64_t next_uid_validity(int64_t last, Time now);

// Later ones of the account, or of all accounts that are made from now on, are above `value`.
void raise_uid_validity(Transaction& tx, AccountId account, int64_t value);
void raise_new_accounts_uid_validity(Transaction& tx, int64_t value);
// Of an account that is about to be removed: who has its address later must not get them again.
void remember_uid_validities(Transaction& tx, AccountId account);

}  // namespace pabal::store

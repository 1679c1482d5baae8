// Quota: how many octets an account may keep. Mails count with their prefixes, an
// annotation with its name: one's own for whose it is, a shared one for whose
// mailbox it is. Whatever adds to it asks has_room() in its own transaction, so that
// those before it in the same commit have been counted.
#pragma once

#include <cstdint>
#include <optional>

#include "base/ids.h"
#include "store/store.h"

namespace pabal::store {

struct Usage {
  uint64_t octets = 0;
  uint64_t messages = 0;
  uint64_t quota_octets = 0;  // 0: no limit
};
std::optional<Usage> usage(Database& db, AccountId account);

// Whether so much more may be kept; what is not more always may.
bool has_room(const Usage& usage, uint64_t octets);
// By what is there now. False for an account that is not there.
bool has_room(Database& db, AccountId account, int64_t octets);

// Leaves a unit of work: `account` has no room for what it would have put there.
struct OverQuota {
  AccountId account;
};

// Counts an annotation that came (or went, below zero); mails count themselves.
void count_annotation(Transaction& tx, AccountId account, int64_t octets);

}  // namespace pabal::store

// How many mails of a mailbox have a flag: counted when somebody asks.
#pragma once

#include <cstdint>

#include "base/ids.h"
#include "store/sqlite.h"

namespace pabal::store {

struct FlagCounts {
  uint64_t unseen = 0;
  uint64_t deleted = 0;
  uint64_t deleted_octets = 0;
};
// Reads every mail's row: about 100 ns each. reader: of a group's mailbox, whose own
// \Seen counts (private_seen.h).
FlagCounts count_flags(Database& db, MailboxId mailbox, AccountId reader = {});

}  // namespace pabal::store

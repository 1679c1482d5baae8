// Tally: what a mailbox's row counts of its mails, so that STATUS reads no mail. Who
// puts mails in, changes their flags or takes them away counts that in the same
// transaction; `store check` compares (counters.h).
#pragma once

#include <cstdint>

#include "base/ids.h"
#include "store/mailboxes.h"
#include "store/store.h"

namespace pabal::store {

// Of some mails, or how many more there are of them than before.
struct Tally {
  int64_t messages = 0, octets = 0;
  FlagTally flags;  // as everybody sees them

  void add(uint64_t mail_flags, int64_t mail_octets);
  Tally operator-(const Tally& other) const;
};

// By the mails themselves, about 100 ns each.
Tally tally(Database& db, MailboxId mailbox, const UidRange& uids);

// The mailbox has these more; and this MODSEQ, if one is given. new_uids: so many UIDs
// it has given away for them.
void count(Transaction& tx, MailboxId mailbox, const Tally& more, ModSeq modseq = {}, int64_t new_uids = 0);

// Of a group's mailbox: how many are unread for this reader, whose own \Seen counts
// (private_seen.h).
int64_t count_unseen(Database& db, MailboxId mailbox, AccountId reader);

}  // namespace pabal::store

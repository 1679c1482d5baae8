// Removal of mails from a mailbox, with what of their messages nobody else has.
#pragma once

#include "store/holdings.h"
#include "store/mailboxes.h"

namespace pabal::store {

// Those of this range, which counts no gaps (Neighbours), and records it. `holdings` of
// the account that the mailbox is of.
void remove_mails(Transaction& tx, AccountId account, MailboxId mailbox, const UidRange& range, ModSeq modseq,
                  Holdings& holdings);

}  // namespace pabal::store

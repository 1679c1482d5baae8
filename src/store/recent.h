// What of a mailbox no session has been told of yet: \Recent (RFC 3501 §2.3.2).
#pragma once

#include "base/ids.h"
#include "store/store.h"

namespace pabal::store {

// The first UID of these, as of the last time that it was written down.
int64_t first_recent(Database& db, MailboxId mailbox);
void set_first_recent(Transaction& tx, MailboxId mailbox, int64_t first);

// Mails of the mailbox from this UID on.
uint64_t count_from(Database& db, MailboxId mailbox, int64_t first);

}  // namespace pabal::store

// A queue entry whose domain is ours by now (added since, or reached through an
// alias): into the mailbox, or on to where an alias leads.
#pragma once

#include "deliver/settle.h"
#include "directory/directory.h"

namespace pabal::deliver {

// What settling `entry` needs: its outcome and the changes of the mailboxes.
// Throws StoreError.
rt::Task<Settlement> deliver_locally(directory::Directory& directory, queue::Queue& queue,
                                     store::MessageRecord message, queue::Entry entry);
// Those changes, in the transaction of the settlement.
void carry_out(store::Transaction& tx, const store::MessageRecord& message, const LocalDelivery& local);

}  // namespace pabal::deliver

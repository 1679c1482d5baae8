// A queue entry whose domain is ours by now (added since, or reached through an
// alias): into the mailbox, or on to where an alias leads.
#pragma once

#include <vector>

#include "deliver/settle.h"
#include "directory/directory.h"

namespace pabal::deliver {

// What settling `entry` needs: its outcome and the changes of the mailboxes.
// Throws StoreError.
rt::Task<Settlement> deliver_locally(directory::Directory& directory, queue::Queue& queue,
                                     store::MessageRecord message, queue::Entry entry);
// Leaves carry_out: they have no room, and the settlement does not know it.
struct Full {
  std::vector<AccountId> accounts;
};
// Those changes, in the transaction of the settlement. Throws Full.
void carry_out(store::Transaction& tx, const store::MessageRecord& message, const LocalDelivery& local);

// The settlement as it is when these accounts are full: the report to the sender must not
// say "delivered" of what waits.
void wait_for_room(Settlement& settlement, const Full& full);

}  // namespace pabal::deliver

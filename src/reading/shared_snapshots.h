// The latest snapshots that any loop of the server has read, so that the others
// need to read only what has changed since. Any thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "reading/snapshot.h"

namespace pabal::reading {

// Of which mailbox, and of a group's also for which reader, whose \Seen it has.
struct ViewKey {
  MailboxId mailbox;
  AccountId reader;  // none: as nobody in particular sees it
  auto operator<=>(const ViewKey&) const = default;
};

// A mailbox as it was after some commit.
struct MailboxState {
  store::Mailbox mailbox;
  std::shared_ptr<const Snapshot> snapshot;  // as of mailbox.modseq
  AccountId reader;                          // as in ViewKey
};

class SharedSnapshots {
 public:
  // Kept as long as the view of some loop holds it.
  void put(const std::shared_ptr<const MailboxState>& state);
  // nullptr: nobody has it.
  std::shared_ptr<const MailboxState> find(const ViewKey& key);

 private:
  std::mutex mutex_;
  std::map<ViewKey, std::weak_ptr<const MailboxState>> kept_;
  size_t sweep_at_ = 1024;  // entries
};

}  // namespace pabal::reading

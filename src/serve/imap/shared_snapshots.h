// The latest snapshots that any loop of the server has read, so that the others
// need to read only what has changed since. Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>

#include "serve/imap/snapshot.h"

namespace pabal::serve::imap {

// A mailbox as it was after some commit.
struct MailboxState {
  store::Mailbox mailbox;
  std::shared_ptr<const Snapshot> snapshot;  // as of mailbox.modseq
};

class SharedSnapshots {
 public:
  // Kept as long as the view of some loop holds it.
  void put(const std::shared_ptr<const MailboxState>& state);
  // nullptr: nobody has it.
  std::shared_ptr<const MailboxState> find(MailboxId id);

 private:
  std::mutex mutex_;
  std::unordered_map<MailboxId, std::weak_ptr<const MailboxState>> kept_;
  size_t sweep_at_ = 1024;  // entries
};

}  // namespace pabal::serve::imap

// The latest snapshots that any loop of the server has read, so that the others
// need to read only what has changed since. Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "serve/imap/snapshot.h"

namespace pabal::serve::imap {

class SharedSnapshots {
 public:
  struct State {
    store::Mailbox mailbox;
    std::shared_ptr<const Snapshot> snapshot;  // as of mailbox.modseq
  };

  // Held as long as the view of some loop holds it.
  void put(const store::Mailbox& mailbox, const std::shared_ptr<const Snapshot>& snapshot);
  std::optional<State> find(MailboxId id);

 private:
  struct Kept {
    store::Mailbox mailbox;
    std::weak_ptr<const Snapshot> snapshot;
  };
  std::mutex mutex_;
  std::unordered_map<MailboxId, Kept> kept_;
  size_t sweep_at_ = 1024;  // entries
};

}  // namespace pabal::serve::imap

// Which messages a session is the first to be told of: those are \Recent there and
// nowhere else (RFC 3501 §2.3.2). For all loops of the server; any thread. Between
// two runs of the server the store remembers it, as of the last time that somebody
// began or ended with the mailbox.
#pragma once

#include <mutex>
#include <optional>
#include <unordered_map>

#include "base/ids.h"

namespace pabal::serve::imap {

class FirstTold {
 public:
  // The first UID that nobody has been told of; nullopt: nobody has looked into the store yet.
  std::optional<int64_t> find(MailboxId mailbox);
  // What the store says, unless more is known here.
  void put(MailboxId mailbox, int64_t first);
  // A session is told of everything below `below`. The first that is recent for it.
  int64_t claim(MailboxId mailbox, int64_t below);

 private:
  std::mutex mutex_;
  std::unordered_map<MailboxId, int64_t> first_;
};

}  // namespace pabal::serve::imap

#include "serve/imap/first_told.h"

#include <algorithm>

namespace pabal::serve::imap {

std::optional<int64_t> FirstTold::find(MailboxId mailbox) {
  std::lock_guard lock(mutex_);
  auto found = first_.find(mailbox);
  if (found == first_.end()) return std::nullopt;
  return found->second;
}

void FirstTold::put(MailboxId mailbox, int64_t first) {
  std::lock_guard lock(mutex_);
  int64_t& known = first_[mailbox];
  known = std::max(known, first);
}

int64_t FirstTold::claim(MailboxId mailbox, int64_t below) {
  std::lock_guard lock(mutex_);
  int64_t& known = first_[mailbox];
  int64_t first = known;
  known = std::max(known, below);
  return first;
}

}  // namespace pabal::serve::imap

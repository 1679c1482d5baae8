#include "reading/shared_snapshots.h"

#include <algorithm>

namespace pabal::reading {

void SharedSnapshots::put(const std::shared_ptr<const MailboxState>& state) {
  std::lock_guard lock(mutex_);
  std::weak_ptr<const MailboxState>& kept = kept_[{state->mailbox.id, state->reader}];
  // Another loop may have read further.
  std::shared_ptr<const MailboxState> other = kept.lock();
  if (!other || other->mailbox.modseq <= state->mailbox.modseq) kept = state;
  if (kept_.size() < sweep_at_) return;
  std::erase_if(kept_, [](const auto& entry) { return entry.second.expired(); });
  sweep_at_ = std::max<size_t>(1024, 2 * kept_.size());
}

std::shared_ptr<const MailboxState> SharedSnapshots::find(const ViewKey& key) {
  std::lock_guard lock(mutex_);
  auto kept = kept_.find(key);
  return kept == kept_.end() ? nullptr : kept->second.lock();
}

}  // namespace pabal::reading

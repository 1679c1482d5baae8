#include "serve/imap/shared_snapshots.h"

#include <algorithm>

namespace pabal::serve::imap {

void SharedSnapshots::put(const store::Mailbox& mailbox, const std::shared_ptr<const Snapshot>& snapshot) {
  std::lock_guard lock(mutex_);
  auto [kept, is_new] = kept_.try_emplace(mailbox.id, Kept{mailbox, snapshot});
  // Another loop may have read further.
  if (!is_new && (kept->second.mailbox.modseq <= mailbox.modseq || kept->second.snapshot.expired()))
    kept->second = {mailbox, snapshot};
  if (kept_.size() < sweep_at_) return;
  std::erase_if(kept_, [](const auto& entry) { return entry.second.snapshot.expired(); });
  sweep_at_ = std::max<size_t>(1024, 2 * kept_.size());
}

std::optional<SharedSnapshots::State> SharedSnapshots::find(MailboxId id) {
  std::lock_guard lock(mutex_);
  auto kept = kept_.find(id);
  if (kept == kept_.end()) return std::nullopt;
  State state{kept->second.mailbox, kept->second.snapshot.lock()};
  if (!state.snapshot) return std::nullopt;
  return state;
}

}  // namespace pabal::serve::imap

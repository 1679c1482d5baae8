#include "reading/trees.h"

namespace pabal::reading {

namespace {

// So many readers' trees stay for those of their sessions that ask later.
constexpr size_t kTreesKept = 64;

SeenTree read_tree(store::Database& db, const directory::Account& reader) {
  return {.mailboxes = see_mailboxes(db, reader), .subscriptions = store::list_subscriptions(db, reader.id)};
}

}  // namespace

rt::Task<std::shared_ptr<const SeenTree>> Trees::read(directory::Account reader, uint64_t since) {
  std::shared_ptr<Entry>& slot = entries_[reader.id];
  if (!slot) slot = std::make_shared<Entry>();
  const std::shared_ptr<Entry> entry = slot;
  for (;;) {
    if (entry->tree && entry->begun >= since) co_return entry->tree;
    if (!entry->reading) break;
    co_await entry->ended.wait();
  }
  entry->reading = true;
  const uint64_t begun = now_;
  ++reads_;
  const AccountId account = reader.id;
  std::shared_ptr<const SeenTree> tree;
  std::exception_ptr error;
  try {
    tree = std::make_shared<const SeenTree>(co_await store_.read(read_tree, std::move(reader)));
  } catch (...) {
    error = std::current_exception();
  }
  entry->reading = false;
  if (tree) {
    entry->tree = tree;
    entry->begun = begun;
    keep(account);
  }
  entry->ended.notify();
  if (error) std::rethrow_exception(error);
  co_return tree;
}

void Trees::keep(AccountId account) {
  kept_.remove(account);
  kept_.push_front(account);
  if (kept_.size() <= kTreesKept) return;
  auto found = entries_.find(kept_.back());
  if (found != entries_.end() && !found->second->reading) entries_.erase(found);
  kept_.pop_back();
}

}  // namespace pabal::reading

#include "queue/queue.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

#include "queue/records.h"
#include "rt/event.h"
#include "rt/loop.h"

namespace pabal::queue {

namespace {

// "Look again", from any thread to the deliverer's loop. Shared with what has
// been posted there, which may run after the queue has gone.
class Signal {
 public:
  static void send(const std::shared_ptr<Signal>& signal) {
    std::lock_guard lock(signal->mutex_);
    ++signal->sent_;
    if (signal->home_ == nullptr || std::exchange(signal->posted_, true)) return;
    signal->home_->post([signal] { signal->deliver(); });
  }

  void attach(rt::Loop* home) {
    std::lock_guard lock(mutex_);
    home_ = home;
  }

  uint64_t sent() {
    std::lock_guard lock(mutex_);
    return sent_;
  }

  rt::Event& arrived() { return arrived_; }

 private:
  void deliver() {
    {
      std::lock_guard lock(mutex_);
      posted_ = false;
    }
    arrived_.notify();
  }

  std::mutex mutex_;
  rt::Loop* home_ = nullptr;
  uint64_t sent_ = 0;
  bool posted_ = false;
  rt::Event arrived_;
};

}  // namespace

struct Queue::Impl {
  std::shared_ptr<Signal> signal = std::make_shared<Signal>();
  uint64_t seen = 0;        // signals sent before the last claim began or wait ended
  std::optional<Time> due;  // after a claim that found nothing: of the next entry
  std::unordered_set<QueueEntryId> claimed;
  std::unordered_map<std::string, size_t> claimed_of;  // by destination
};

Queue::Queue(io::World& world, store::Store& store, QueueOptions options)
    : world_(world), store_(store), options_(std::move(options)), impl_(std::make_unique<Impl>()) {}

Queue::~Queue() {
  detach();
}

void Queue::notify() {
  Signal::send(impl_->signal);
}

void Queue::detach() {
  impl_->signal->attach(nullptr);
}

size_t Queue::claimed() const {
  return impl_->claimed.size();
}

rt::Task<std::vector<Entry>> Queue::claim(size_t max, size_t per_destination) {
  impl_->signal->attach(&rt::Loop::current());
  impl_->seen = impl_->signal->sent();
  Time now = world_.clock.now();
  struct Found {
    std::vector<Entry> entries;
    std::optional<Time> due;
  };
  using Taken = std::unordered_set<QueueEntryId>;
  using TakenOf = std::unordered_map<std::string, size_t>;
  auto query = [](store::Database& db, Time now, size_t max, size_t per_destination, const Taken& taken,
                  TakenOf of) {
    std::vector<QueueEntryId> found;
    for_each_due(db, now, [&](QueueEntryId id, std::string_view destination) {
      if (taken.contains(id)) return true;
      size_t& in_hand = of[std::string(destination)];
      if (in_hand < per_destination) {
        ++in_hand;
        found.push_back(id);
      }
      return found.size() < max;
    });
    Found result;
    for (QueueEntryId id : found) {
      if (std::optional<Entry> entry = find(db, id)) result.entries.push_back(std::move(*entry));
    }
    if (result.entries.empty()) result.due = next_due(db, now);
    return result;
  };
  Found found = co_await store_.read(query, now, max, per_destination, impl_->claimed, impl_->claimed_of);
  impl_->due = found.due;
  for (const Entry& entry : found.entries) {
    verify_legal(entry.state, State::claimed);
    verify(impl_->claimed.insert(entry.id).second, "a queue entry is in one hand only");
    ++impl_->claimed_of[entry.destination];
  }
  co_return std::move(found.entries);
}

void Queue::release(const Entry& entry) {
  verify(impl_->claimed.erase(entry.id) == 1, "only what was claimed is released");
  auto of = impl_->claimed_of.find(entry.destination);
  if (--of->second == 0) impl_->claimed_of.erase(of);
}

rt::Task<void> Queue::wait() {
  Instant deadline = Instant::never();
  rt::Loop& loop = rt::Loop::current();
  // Once: who has no hand free and does not claim must not come back here at once.
  if (std::optional<Time> due = std::exchange(impl_->due, std::nullopt))
    deadline = loop.now() + std::max(*due - world_.clock.now(), Duration(0));
  if (options_.look_again_after.count() > 0)
    deadline = std::min(deadline, loop.now() + options_.look_again_after);
  if (impl_->signal->sent() == impl_->seen) co_await impl_->signal->arrived().wait(deadline);
  impl_->seen = impl_->signal->sent();
}

}  // namespace pabal::queue

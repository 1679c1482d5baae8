// Queue: what is still to be carried, one entry per recipient. States and the
// legal ways between them stand in state.h and docs/queue-states.md. The
// records are the queue; what is in memory (who is being tried right now) can
// be lost at any time, so there is no recovery: after a start, whatever rows
// exist are waiting or held.
//
// new_id() and notify() belong to everybody; the rest to the one deliverer and its
// loop. What is new is put in by queue::insert (records.h), in the transaction that
// accepts the message: it is due at once.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/world.h"
#include "queue/entry.h"
#include "queue/schedule.h"
#include "rt/task.h"
#include "store/store.h"

namespace pabal::queue {

class Queue {
 public:
  Queue(io::World& world, store::Store& store, QueueOptions options);
  ~Queue();

  const QueueOptions& options() const { return options_; }

  // For a new entry. Any loop.
  QueueEntryId new_id() { return QueueEntryId{store_.new_id()}; }
  // After a commit that inserted or changed something: look again. Any loop.
  void notify();

  // Takes up to `max` due entries in hand, oldest first, and no more than
  // `per_destination` of one destination counting those already in hand, so
  // that one big backlog does not keep the others waiting. Throws StoreError.
  rt::Task<std::vector<Entry>> claim(size_t max, size_t per_destination);
  // The attempt is over and its outcome durable (or it never began).
  void release(const Entry& entry);
  size_t claimed() const;

  // Returns when claim() may find more than the last time: after notify(), at
  // the due time that it has seen, or after look_again_after.
  rt::Task<void> wait();
  // The deliverer's loop ends; notify() does not reach it any more.
  void detach();

 private:
  struct Impl;
  io::World& world_;
  store::Store& store_;
  const QueueOptions options_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pabal::queue

// Queue: what is still to be carried, one entry per recipient. States and the
// legal ways between them stand in state.h and docs/queue-states.md. The
// records are the queue; what is in memory (who is being tried right now) can
// be lost at any time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "mail/address.h"
#include "proto/smtp/command.h"
#include "rt/event.h"
#include "store/messages.h"
#include "store/store.h"

namespace pabal::queue {

struct QueueOptions {
  std::vector<Duration> retry_delays;  // {5 min, 15 min, 30 min}; the last one repeats
  Duration lifetime;                   // 5 days
  Duration delay_notice_after;         // 4 hours; 0: never
};
QueueOptions default_queue_options();

struct NewEntry {
  MessageId message;
  mail::Address forward_path;               // where it goes now (after aliases)
  std::optional<proto::smtp::Orcpt> orcpt;  // what the sender wrote
  proto::smtp::NotifySet notify;
};

class Queue {
 public:
  Queue(io::World& world, store::Store& store, QueueOptions options);
  ~Queue();

  const QueueOptions& options() const;

  // Inside the transaction that accepts the message: the entry is due at once.
  void enqueue(store::Transaction& tx, const NewEntry& entry);
  // After a commit that enqueued or changed something: look again. Any loop.
  void notify();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pabal::queue

// What the operator does with the queue. Plain functions inside a transaction,
// so that they work beside a running server too; it notices within a second.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "queue/entry.h"
#include "store/store.h"

namespace pabal::queue {

// Which entries: all conditions that are set must hold; none set means all.
struct Selection {
  std::optional<QueueEntryId> entry;
  std::optional<MessageId> message;
  std::string destination;  // a domain, "" for any
  std::optional<State> state;
};

struct Listed {
  Entry entry;
  std::string reverse_path;  // "" is the null one
  uint64_t size_octets = 0;
};

// Oldest first.
std::vector<Listed> list(store::Database& db, const Selection& selection, size_t max);

// Each returns how many entries it changed, and adds to the journey of each.
size_t retry(store::Transaction& tx, const Selection& selection);   // waiting: due now
size_t hold(store::Transaction& tx, const Selection& selection);    // waiting → held
size_t unhold(store::Transaction& tx, const Selection& selection);  // held → waiting, due now
size_t drop(store::Transaction& tx, const Selection& selection);    // → dropped; the sender is not told

// Entries by state, for the metrics.
struct Counts {
  uint64_t waiting = 0;
  uint64_t held = 0;
  std::optional<Time> oldest;  // when the oldest that waits was queued
};
Counts count(store::Database& db);

}  // namespace pabal::queue

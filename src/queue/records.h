// The rows of queue_entry. Only these functions change them, and each change
// is a legal one (state.h).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "queue/entry.h"
#include "store/store.h"

namespace pabal::queue {

void insert(store::Transaction& tx, const NewEntry& entry);

std::optional<Entry> find(store::Database& db, QueueEntryId id);

// An attempt has brought the recipient to `end`: the row goes. false: it was
// gone already, dropped by the operator meanwhile.
bool finish(store::Transaction& tx, QueueEntryId id, State end);

struct Delay {
  Time due_at;
  std::string status;  // "4.4.1"
  std::string reason;
  std::string remote_mta;
  bool notice = false;  // the sender is told with this change
};
// An attempt has ended without an end for the recipient. What the operator
// holds stays held. false as above.
bool delay(store::Transaction& tx, QueueEntryId id, const Delay& delay);

// Every waiting entry that is due, oldest first, until `visit` returns false.
void for_each_due(store::Database& db, Time now,
                  const std::function<bool(QueueEntryId, std::string_view destination)>& visit);
// When the first waiting entry behind `now` is due.
std::optional<Time> next_due(store::Database& db, Time now);

}  // namespace pabal::queue

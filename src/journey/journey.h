// The journey of a mail: what each station did with it. Stations add events;
// `pabal track` and the demo read them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "store/store.h"

namespace pabal::journey {

// kind: the station and what it did, e.g. "received", "accepted", "delivered",
// "queued", "dns", "attempt", "relayed", "delayed", "failed", "dsn", "held".
// facts: ordered names and values for people and for --json; a dialogue is one
// fact with lines ("> MAIL FROM:<a@b>", "< 250 ok (12 ms)").
struct Event {
  Time at;
  std::string kind;
  std::vector<std::pair<std::string, std::string>> facts;
};

// The id as people see it (in our 250 reply, in Received, in `pabal track`):
// 13 letters and digits.
std::string trace_id(MessageId id);
std::optional<MessageId> parse_trace_id(std::string_view text);

// One row per call; several events of one transaction may share it.
void record(store::Transaction& tx, MessageId message, const std::vector<Event>& events);

std::vector<Event> read(store::Database& db, MessageId message);

// The newest messages first.
std::vector<MessageId> newest(store::Database& db, size_t max);

// `address` is whole in one of the facts "from", "to" and "account", however it is
// quoted or written in capitals there.
bool names(const Event& event, std::string_view address);

// The newest messages first that have `address` as sender or recipient (it is
// searched in the facts "from" and "to" of their events).
std::vector<MessageId> find_by_address(store::Database& db, std::string_view address, size_t max);

inline constexpr size_t kPruneMax = 500;  // others wait for the commit
// Removes journeys that ended before `before` and have nothing in the queue, at
// most kPruneMax of them; returns how many. Call again while it returns so many.
size_t prune(store::Transaction& tx, Time before);

}  // namespace pabal::journey

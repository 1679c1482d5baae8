// When a recipient is tried again, and when that ends.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"

namespace pabal::queue {

struct QueueOptions {
  std::vector<Duration> retry_delays;  // {5 min, 15 min, 30 min}; the last one repeats
  Duration lifetime;                   // 5 days (RFC 5321 §4.5.4.1: at least 4-5)
  Duration delay_notice_after;         // 4 hours; 0: never
  // A larger mail comes back whole only to who asked for that: he has his copy.
  uint64_t returned_octets_max = 64 << 10;
  // How soon a change by another process (`pabal queue retry`) is noticed.
  Duration look_again_after = std::chrono::seconds(1);
};
QueueOptions default_queue_options();

// After attempt number `attempts` (from 1) has ended at `now` without an end
// for the recipient: the next time, at the latest the end of its lifetime, so
// that the last attempt is made then. nullopt: the lifetime is over, it failed.
std::optional<Time> next_attempt(const QueueOptions& options, Time queued_at, int attempts, Time now);

// The sender is due to be told that the mail is late (once, see Entry::delay_noticed).
bool delay_notice_due(const QueueOptions& options, Time queued_at, Time now);

}  // namespace pabal::queue

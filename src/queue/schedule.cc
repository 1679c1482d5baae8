#include "queue/schedule.h"

#include <algorithm>

#include "base/verify.h"

namespace pabal::queue {

using std::chrono::hours;
using std::chrono::minutes;

QueueOptions default_queue_options() {
  QueueOptions options;
  options.retry_delays = {minutes(5), minutes(15), minutes(30)};
  options.lifetime = hours(5 * 24);
  options.delay_notice_after = hours(4);
  return options;
}

std::optional<Time> next_attempt(const QueueOptions& options, Time queued_at, int attempts, Time now) {
  verify(!options.retry_delays.empty() && attempts > 0, "a retry has a delay");
  Time expires = queued_at + options.lifetime;
  if (now >= expires) return std::nullopt;
  size_t step = std::min(static_cast<size_t>(attempts), options.retry_delays.size()) - 1;
  return std::min(now + options.retry_delays[step], expires);
}

bool delay_notice_due(const QueueOptions& options, Time queued_at, Time now) {
  return options.delay_notice_after.count() > 0 && now - queued_at >= options.delay_notice_after;
}

}  // namespace pabal::queue

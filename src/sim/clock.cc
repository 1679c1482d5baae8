#include "sim/clock.h"

#include <algorithm>

namespace pabal::sim {

void SimPoller::wait(Instant until) {
  verify(until != Instant::never() || !events_.empty(), "deadlock: nothing can ever happen");
  Instant next = events_.empty() ? Instant::never() : events_.begin()->first.first;
  Instant to = std::max(now_, std::min(until, next));
  verify(++turns_ < turns_max_, "livelock: coroutines go on, but time does not");
  if (to != now_) {
    now_ = to;
    turns_ = 0;
    fingerprint_.mix(static_cast<uint64_t>(now_.us));
  }
  while (!events_.empty() && events_.begin()->first.first <= now_) {
    auto event = std::move(events_.begin()->second);
    events_.erase(events_.begin());
    event();
  }
}

void SimPoller::at(Instant when, std::move_only_function<void()> event) {
  events_.emplace(std::pair(std::max(when, now_), ++sequence_), std::move(event));
}

}  // namespace pabal::sim

// Virtual time. SimPoller is the world a Loop waits for: when no coroutine can
// go on, time jumps to the next timer or event, so that days pass in
// milliseconds. Events of equal time happen in the order in which they were made.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "io/world.h"
#include "rt/loop.h"
#include "sim/fingerprint.h"

namespace pabal::sim {

class SimPoller : public rt::Poller {
 public:
  explicit SimPoller(Fingerprint& fingerprint) : fingerprint_(fingerprint) {}

  Instant now() override { return now_; }
  // Stops the process with "deadlock: ..." when there is neither a timer nor an
  // event: the loop would wait forever; and with "livelock: ..." when the loop
  // keeps turning without time going on.
  void wait(Instant until) override;
  void interrupt() override {}  // everything runs on the loop's thread

  // `event` happens in the loop's wait, once time has come to `when`.
  void at(Instant when, std::move_only_function<void()> event);
  size_t pending() const { return events_.size(); }
  // How many turns at one instant are a livelock.
  void set_turns_max(uint64_t turns) { turns_max_ = turns; }
  void forget_events() { events_.clear(); }

 private:
  Fingerprint& fingerprint_;
  // Not 0, so that a forgotten Instant{} is in the past.
  Instant now_{1'000'000};
  uint64_t sequence_ = 0;
  uint64_t turns_ = 0;              // at this instant
  uint64_t turns_max_ = 5'000'000;  // far more than any honest work takes
  std::map<std::pair<Instant, uint64_t>, std::move_only_function<void()>> events_;
};

class SimClock : public io::Clock {
 public:
  // `start` is the calendar time now.
  SimClock(SimPoller& poller, Time start) : poller_(poller), origin_(poller.now()), start_(start) {}
  Time now() override { return {start_.ms + (poller_.now() - origin_).count() / 1000}; }
  // Somebody sets the clock; deadlines do not move.
  void shift(Duration by) { start_ = start_ + by; }

 private:
  SimPoller& poller_;
  Instant origin_;
  Time start_;
};

}  // namespace pabal::sim

// SimExecutor: blocking work runs on the loop itself: at its next turn, in the
// order in which it was asked for; or, once the disk is slow, each after a time
// of its own.
#pragma once

#include <functional>
#include <utility>

#include "rt/offload.h"
#include "sim/clock.h"
#include "sim/random.h"

namespace pabal::sim {

class SimExecutor : public rt::Executor {
 public:
  SimExecutor(SimPoller& poller, uint64_t seed) : poller_(poller), random_(seed) {}

  void execute(std::move_only_function<void()> work) override {
    if (latency_max_.count() == 0) return rt::Loop::current().post(std::move(work));
    auto latency = std::chrono::microseconds(random_.up_to(static_cast<uint64_t>(latency_max_.count())));
    poller_.at(poller_.now() + latency, std::move(work));
  }
  void set_latency_max(std::chrono::microseconds latency) { latency_max_ = latency; }

 private:
  SimPoller& poller_;
  SimRandom random_;
  std::chrono::microseconds latency_max_{0};
};

}  // namespace pabal::sim

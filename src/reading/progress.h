// Progress: lets a client that waits for a long command know that something
// happens (RFC 9585 INPROGRESS).
#pragma once

#include <functional>

#include "rt/loop.h"
#include "rt/task.h"

namespace pabal::reading {

class Progress {
 public:
  using Tell = std::function<rt::Task<void>(size_t done, size_t goal)>;
  // Calls `tell` every `interval`, one at a time.
  Progress(Duration interval, Tell tell);

  // A command may have several phases, each with its own goal (RFC 9585 §4).
  void begin(size_t goal);
  rt::Task<void> add(size_t count);

 private:
  const Duration interval_;
  const Tell tell_;
  Instant next_;
  size_t done_ = 0, goal_ = 0;
  bool telling_ = false;
};

}  // namespace pabal::reading

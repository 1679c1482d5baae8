#include "reading/progress.h"

namespace pabal::reading {

Progress::Progress(Duration interval, Tell tell)
    : interval_(interval), tell_(std::move(tell)), next_(rt::Loop::current().now() + interval) {}

void Progress::begin(size_t goal) {
  done_ = 0;
  goal_ = goal;
}

rt::Task<void> Progress::add(size_t count) {
  done_ += count;
  // At the goal the answer itself follows.
  if (telling_ || done_ >= goal_ || rt::Loop::current().now() < next_) co_return;
  telling_ = true;
  co_await tell_(done_, goal_);
  telling_ = false;
  next_ = rt::Loop::current().now() + interval_;
}

}  // namespace pabal::reading

#include "rt/task_group.h"

#include <cstdio>
#include <exception>

namespace pabal::rt {

struct TaskGroup::Driver {
  struct promise_type {
    Driver get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {
      try {
        throw;
      } catch (const std::exception& e) {
        verify_failed(e.what(), "an exception left the root of a task", __FILE__, __LINE__);
      }
    }
  };
  std::coroutine_handle<promise_type> handle;
};

TaskGroup::Driver TaskGroup::drive(TaskGroup& group, Task<void> task) {
  {
    // The frame of the task goes before the group may learn of its end.
    Task<void> owned = std::move(task);
    co_await owned;
  }
  --group.running_;
  group.ended_.notify();
}

TaskGroup::~TaskGroup() {
  verify(running_ == 0, "a task group is joined before it goes");
}

void TaskGroup::spawn(Task<void> task) {
  // Memory may run out on the way: what does not run is not counted.
  Driver driver = drive(*this, std::move(task));
  Loop::current().schedule(driver.handle);
  ++running_;
}

Task<void> TaskGroup::join() {
  while (running_ > 0) co_await ended_.wait();
}

Task<bool> TaskGroup::join_until(Instant deadline) {
  while (running_ > 0) {
    if (co_await ended_.wait(deadline) == Wake::deadline) break;
  }
  co_return running_ == 0;
}

}  // namespace pabal::rt

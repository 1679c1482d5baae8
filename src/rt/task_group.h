// TaskGroup owns tasks that run side by side, and whoever owns the group joins
// it: nothing is fire-and-forget. A spawned task is a root (session, delivery
// attempt, background job) and must catch what it throws; an exception that
// escapes is a bug and stops the process.
#pragma once

#include <cstddef>

#include "rt/event.h"
#include "rt/task.h"

namespace pabal::rt {

class TaskGroup {
 public:
  TaskGroup() = default;
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup();

  // Starts `task` at the next turn of the loop.
  void spawn(Task<void> task);
  size_t size() const { return running_; }
  // Ends when every task has ended. No spawn() from outside meanwhile.
  Task<void> join();
  // Ends when every task has ended or the deadline has passed; true if all ended.
  Task<bool> join_until(Instant deadline);

 private:
  struct Driver;
  static Driver drive(TaskGroup& group, Task<void> task);
  size_t running_ = 0;
  Event ended_;
};

}  // namespace pabal::rt

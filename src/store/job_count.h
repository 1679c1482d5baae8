// JobCount: how much work of ours is on the Executor, and a way to wait for
// its end, on a loop or (in a destructor) in a thread.
#pragma once

#include <condition_variable>
#include <coroutine>
#include <mutex>
#include <utility>
#include <vector>

#include "rt/loop.h"

namespace pabal::store {

class JobCount {
 public:
  void begin() {
    std::lock_guard lock(mutex_);
    ++running_;
  }
  // The last thing that a job does.
  void end() {
    std::lock_guard lock(mutex_);
    if (--running_ > 0) return;
    for (auto [loop, handle] : std::exchange(waiting_, {})) loop->post([handle] { handle.resume(); });
    none_.notify_all();
  }

  void wait() {
    std::unique_lock lock(mutex_);
    none_.wait(lock, [this] { return running_ == 0; });
  }

  class Idle {
   public:
    explicit Idle(JobCount& jobs) : jobs_(jobs) {}
    bool await_ready() const { return false; }
    bool await_suspend(std::coroutine_handle<> h) {
      std::lock_guard lock(jobs_.mutex_);
      if (jobs_.running_ == 0) return false;
      jobs_.waiting_.emplace_back(&rt::Loop::current(), h);
      return true;
    }
    void await_resume() const {}

   private:
    JobCount& jobs_;
  };
  Idle idle() { return Idle(*this); }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  size_t running_ = 0;
  std::vector<std::pair<rt::Loop*, std::coroutine_handle<>>> waiting_;
};

}  // namespace pabal::store

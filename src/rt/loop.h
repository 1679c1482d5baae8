// One event loop: a FIFO of coroutines that may go on, a heap of deadlines, and
// a Poller that waits for the world. A loop belongs to one thread; only post()
// may be called from another. The simulator runs the same loop over a Poller
// whose clock jumps.
#pragma once

#include <coroutine>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "base/time.h"
#include "rt/task.h"

namespace pabal::rt {

// Why a parked coroutine goes on.
enum class Wake : unsigned char {
  ready,     // what it waited for happened
  woken,     // somebody asked it to look around (shutdown, mailbox changed)
  deadline,  // its time is up
};

// One parked coroutine. Lives in the awaiting frame; the loop points to it.
class Waiter {
 public:
  Waiter() = default;
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter();

  Wake why() const { return why_; }
  bool parked() const { return parked_; }

 private:
  friend class Loop;
  static constexpr size_t kNoTimer = SIZE_MAX;
  std::coroutine_handle<> handle_;
  Instant deadline_ = Instant::never();
  uint64_t order_ = 0;  // equal deadlines fire in the order of parking
  size_t timer_ = kNoTimer;
  Wake why_ = Wake::ready;
  bool parked_ = false;
};

// How a loop learns of time and of the world outside.
class Poller {
 public:
  virtual ~Poller() = default;
  virtual Instant now() = 0;
  // Returns when something happened, at the latest at `until`; an instant that
  // has passed means: look, do not wait. Called every turn of the loop.
  // Readiness is handed on by Loop::wake.
  virtual void wait(Instant until) = 0;
  // Makes a wait() that runs in another thread return. Any thread.
  virtual void interrupt() = 0;
};

class Loop {
 public:
  explicit Loop(Poller& poller) : poller_(poller) {}
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // The loop whose run() is on this thread's stack.
  static Loop& current();

  // Drives the loop until `root` has ended; rethrows what escaped from it.
  void run(Task<void> root);

  Poller& poller() { return poller_; }
  Instant now() { return poller_.now(); }

  // Runs `work` on the loop's thread, after what is ready now. Any thread.
  void post(std::move_only_function<void()> work);

  void schedule(std::coroutine_handle<> handle) { ready_.push_back(handle); }

  // Parks `handle` until wake() or the deadline, whichever comes first.
  void park(Waiter& waiter, std::coroutine_handle<> handle, Instant deadline);
  // Makes a parked coroutine go on; nothing if it already is on its way.
  void wake(Waiter& waiter, Wake why);

 private:
  void run_ready();
  void fire_timers();
  bool take_posted();  // true when there is nothing to do but wait
  Instant next_timer() const;
  void timer_insert(Waiter& waiter);
  void timer_remove(Waiter& waiter);
  void sift_up(size_t i);
  void sift_down(size_t i);
  bool earlier(size_t a, size_t b) const;
  void swap_timers(size_t a, size_t b);

  Poller& poller_;
  std::deque<std::coroutine_handle<>> ready_;
  std::vector<Waiter*> timers_;  // binary heap, earliest first
  uint64_t parked_count_ = 0;
  std::mutex posted_mutex_;
  std::vector<std::move_only_function<void()>> posted_;
  bool idle_ = false;  // under posted_mutex_: wait() has to be interrupted
};

// co_await sleep_until(t); co_await sleep_for(d).
class Sleep {
 public:
  explicit Sleep(Instant until) : until_(until) {}
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> h) { Loop::current().park(waiter_, h, until_); }
  void await_resume() const {}

 private:
  Instant until_;
  Waiter waiter_;
};
inline Sleep sleep_until(Instant t) {
  return Sleep(t);
}
inline Sleep sleep_for(std::chrono::microseconds d) {
  return Sleep(Loop::current().now() + d);
}

}  // namespace pabal::rt

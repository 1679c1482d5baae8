#include "rt/loop.h"

#include <utility>

namespace pabal::rt {

namespace {
thread_local Loop* current_loop = nullptr;
}  // namespace

Waiter::~Waiter() {
  verify(!parked_, "a parked coroutine is not destroyed");
}

Loop& Loop::current() {
  verify(current_loop != nullptr, "this runs on a loop");
  return *current_loop;
}

void Loop::run(Task<void> root) {
  struct Root {
    struct promise_type {
      Root get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
      std::suspend_always initial_suspend() noexcept { return {}; }
      std::suspend_always final_suspend() noexcept { return {}; }
      void return_void() {}
      void unhandled_exception() { escaped = std::current_exception(); }
      std::exception_ptr escaped;
    };
    static Root drive(Task<void> task) { co_await task; }
    std::coroutine_handle<promise_type> handle;
  };

  Loop* outer = std::exchange(current_loop, this);
  Root driver = Root::drive(std::move(root));
  schedule(driver.handle);
  while (!driver.handle.done()) {
    run_ready();
    if (driver.handle.done()) break;
    // Asked every turn, so that coroutines which keep each other busy do not
    // starve the sockets.
    poller_.wait(take_posted() ? next_timer() : Instant{});
    fire_timers();
  }
  std::exception_ptr escaped = driver.handle.promise().escaped;
  driver.handle.destroy();
  current_loop = outer;
  if (escaped) std::rethrow_exception(escaped);
}

void Loop::run_ready() {
  // One turn: what becomes ready meanwhile waits for the next, so that
  // sockets and timers are never starved.
  for (size_t n = ready_.size(); n > 0; --n) {
    std::coroutine_handle<> next = ready_.front();
    ready_.pop_front();
    next.resume();
  }
}

bool Loop::take_posted() {
  std::vector<std::move_only_function<void()>> work;
  {
    std::lock_guard lock(posted_mutex_);
    work.swap(posted_);
    idle_ = work.empty() && ready_.empty();
    if (idle_) return true;
  }
  for (auto& item : work) item();
  return false;
}

void Loop::post(std::move_only_function<void()> work) {
  // Under the lock: once the loop has taken this work it may end and go, and
  // its poller with it.
  std::lock_guard lock(posted_mutex_);
  posted_.push_back(std::move(work));
  if (std::exchange(idle_, false)) poller_.interrupt();
}

Instant Loop::next_timer() const {
  return timers_.empty() ? Instant::never() : timers_.front()->deadline_;
}

void Loop::park(Waiter& waiter, std::coroutine_handle<> handle, Instant deadline) {
  verify(!waiter.parked_, "a waiter parks one coroutine");
  waiter.handle_ = handle;
  waiter.deadline_ = deadline;
  waiter.order_ = ++parked_count_;
  waiter.parked_ = true;
  if (deadline != Instant::never()) timer_insert(waiter);
}

void Loop::wake(Waiter& waiter, Wake why) {
  if (!waiter.parked_) return;
  if (waiter.timer_ != Waiter::kNoTimer) timer_remove(waiter);
  waiter.parked_ = false;
  waiter.why_ = why;
  ready_.push_back(waiter.handle_);
}

void Loop::fire_timers() {
  if (timers_.empty()) return;
  Instant now = poller_.now();
  while (!timers_.empty() && timers_.front()->deadline_ <= now) wake(*timers_.front(), Wake::deadline);
}

bool Loop::earlier(size_t a, size_t b) const {
  const Waiter& x = *timers_[a];
  const Waiter& y = *timers_[b];
  return x.deadline_ != y.deadline_ ? x.deadline_ < y.deadline_ : x.order_ < y.order_;
}

void Loop::swap_timers(size_t a, size_t b) {
  std::swap(timers_[a], timers_[b]);
  timers_[a]->timer_ = a;
  timers_[b]->timer_ = b;
}

void Loop::timer_insert(Waiter& waiter) {
  waiter.timer_ = timers_.size();
  timers_.push_back(&waiter);
  sift_up(waiter.timer_);
}

void Loop::timer_remove(Waiter& waiter) {
  size_t i = waiter.timer_;
  waiter.timer_ = Waiter::kNoTimer;
  size_t last = timers_.size() - 1;
  if (i != last) {
    timers_[i] = timers_[last];
    timers_[i]->timer_ = i;
  }
  timers_.pop_back();
  if (i < timers_.size()) {
    sift_up(i);
    sift_down(i);
  }
}

void Loop::sift_up(size_t i) {
  while (i > 0 && earlier(i, (i - 1) / 2)) {
    swap_timers(i, (i - 1) / 2);
    i = (i - 1) / 2;
  }
}

void Loop::sift_down(size_t i) {
  for (;;) {
    size_t least = i;
    for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < timers_.size(); ++child) {
      if (earlier(child, least)) least = child;
    }
    if (least == i) return;
    swap_timers(i, least);
    i = least;
  }
}

}  // namespace pabal::rt

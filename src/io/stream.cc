#include "io/stream.h"

#include <utility>

namespace pabal::io {

void Waitable::wake() {
  if (waiter_ != nullptr) {
    rt::Loop::current().wake(*waiter_, rt::Wake::woken);
  } else {
    wake_pending_ = true;
  }
}

void Waitable::signal() {
  if (waiter_ != nullptr) rt::Loop::current().wake(*waiter_, rt::Wake::ready);
}

void Waitable::arm_below(Waitable& below, Interest interest) {
  if (std::exchange(below.wake_pending_, false)) wake();
  below.waiter_ = waiter_;
  below.arm(interest);
}

void Waitable::disarm_below(Waitable& below) {
  below.waiter_ = nullptr;
  below.disarm();
}

void Waitable::Ready::await_suspend(std::coroutine_handle<> h) {
  verify(what_.waiter_ == nullptr, "one coroutine waits for a stream at a time");
  rt::Loop& loop = rt::Loop::current();
  what_.waiter_ = &waiter_;
  loop.park(waiter_, h, deadline_);
  if (what_.wake_pending_) {
    what_.wake_pending_ = false;
    loop.wake(waiter_, rt::Wake::woken);
    return;
  }
  what_.arm(interest_);
}

rt::Wake Waitable::Ready::await_resume() {
  what_.waiter_ = nullptr;
  what_.disarm();
  return waiter_.why();
}

rt::Task<void> write_all(Stream& stream, std::string_view bytes, Instant deadline) {
  bool woken = false;
  while (!bytes.empty()) {
    TryResult result = stream.try_write(bytes);
    if (result.kind == TryResult::done) {
      bytes.remove_prefix(result.octets);
      continue;
    }
    rt::Wake why = co_await stream.writable(deadline);
    if (why == rt::Wake::deadline) {
      throw IoError(IoFault::timeout, "write to " + stream.peer().to_string() + ": the peer takes no data");
    }
    woken = woken || why == rt::Wake::woken;
  }
  // Not for us: whoever reads next is to see it.
  if (woken) stream.wake();
}

rt::Task<bool> wait_readable(Stream& stream, Instant deadline) {
  rt::Wake why = co_await stream.readable(deadline);
  if (why == rt::Wake::deadline) {
    throw IoError(IoFault::timeout,
                  "read from " + stream.peer().to_string() + ": no data within the time limit");
  }
  co_return why == rt::Wake::woken;
}

}  // namespace pabal::io

// Event: "something changed, look again". notify() wakes everyone who waits at
// that moment; it is not remembered, so the condition is checked before waiting
// (no await between check and wait, and nothing is missed).
#pragma once

#include <coroutine>
#include <vector>

#include "rt/loop.h"

namespace pabal::rt {

class Event {
 public:
  class Wait {
   public:
    Wait(Event& event, Instant deadline) : event_(event), deadline_(deadline) {}
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> h) {
      event_.waiting_.push_back(&waiter_);
      Loop::current().park(waiter_, h, deadline_);
    }
    Wake await_resume() {
      // notify() has taken out those that it woke, and the event may be gone.
      if (waiter_.why() == Wake::deadline) std::erase(event_.waiting_, &waiter_);
      return waiter_.why();
    }

   private:
    Event& event_;
    Instant deadline_;
    Waiter waiter_;
  };

  // Result: Wake::ready after notify(), Wake::deadline otherwise.
  Wait wait(Instant deadline = Instant::never()) { return Wait(*this, deadline); }
  void notify() {
    for (Waiter* waiter : waiting_) Loop::current().wake(*waiter, Wake::ready);
    waiting_.clear();
  }

 private:
  std::vector<Waiter*> waiting_;
};

}  // namespace pabal::rt

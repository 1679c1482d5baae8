// EpollPoller: a loop's view of the real world. Descriptors are registered once
// and edge-triggered; who owns one remembers what is ready, so that waiting for
// something that is there already costs no system call.
#pragma once

#include <cstdint>
#include <vector>

#include "rt/loop.h"

struct epoll_event;

namespace pabal::os {

// Told what epoll says of its descriptor, on the loop's thread.
class Watcher {
 public:
  virtual void on_events(uint32_t events) = 0;  // EPOLLIN, EPOLLOUT, EPOLLRDHUP ...

 protected:
  ~Watcher() = default;
};

class EpollPoller final : public rt::Poller {
 public:
  // Throws IoError when the system has no descriptors left.
  EpollPoller();
  ~EpollPoller() override;

  // The poller of Loop::current(), which must be one of these.
  static EpollPoller& current();

  Instant now() override;
  void wait(Instant until) override;
  void interrupt() override;

  // Registers for `events`, edge-triggered. The result goes to remove(), which
  // comes before close(); closing the descriptor ends the registration.
  uint32_t add(int fd, uint32_t events, Watcher& watcher);
  void remove(uint32_t slot);

 private:
  // The generation tells an event of a watcher that went away in the same batch
  // from one of its successor.
  struct Slot {
    Watcher* watcher = nullptr;
    uint32_t generation = 0;
  };
  int collect(::epoll_event* events, int max, Instant until);

  int epoll_ = -1;
  int interrupt_ = -1;
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
};

}  // namespace pabal::os

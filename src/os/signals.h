// SignalWatcher: the signals that ask a server to end or to look at its
// configuration again, as something a coroutine waits for.
#pragma once

#include <memory>
#include <optional>

#include "io/stream.h"
#include "os/epoll.h"

namespace pabal::os {

class SignalWatcher final : public io::Waitable, private Watcher {
 public:
  // SIGTERM, SIGINT and SIGHUP no longer interrupt; SIGPIPE is ignored. First
  // thing in main(), because threads inherit it.
  static void block();

  // On the loop that is to wait. Throws IoError.
  SignalWatcher();
  ~SignalWatcher() override;

  // co_await ready(io::Interest::read, deadline), then this: the next signal's
  // number; nullopt when there is none.
  std::optional<int> try_take();

 private:
  void arm(io::Interest) override;
  void disarm() override {}
  void on_events(uint32_t events) override;

  EpollPoller& poller_;
  int fd_;
  uint32_t slot_ = 0;
  bool pending_ = false;
};

}  // namespace pabal::os

// SocketStream: a connected socket as an io::Stream. What epoll said last is
// remembered in two bits; a read that brings less than asked for clears its bit
// (epoll(7): the input is drained), and the next edge sets it again. So one
// command of a client costs one read and no EAGAIN.
#pragma once

#include "io/stream.h"
#include "os/epoll.h"

namespace pabal::os {

class SocketStream final : public io::Stream, private Watcher {
 public:
  // Takes the descriptor over, also when it throws. connected: false while
  // connect(2) is on its way; then the first `writable` says that it ended.
  SocketStream(int fd, const io::Endpoint& peer, EpollPoller& poller, bool connected);
  ~SocketStream() override;

  io::TryResult try_read(std::span<char> into) override;
  io::TryResult try_write(std::string_view bytes) override;
  void finish() override;
  io::Endpoint local() const override;
  io::Endpoint peer() const override;

  // The error that ended a connect, 0 if there was none.
  int take_error();

 private:
  void arm(io::Interest interest) override;
  void disarm() override {}
  void on_events(uint32_t events) override;
  bool is_ready(io::Interest interest) const {
    return interest == io::Interest::read ? readable_ : writable_;
  }

  EpollPoller& poller_;
  int fd_;
  uint32_t slot_ = 0;
  io::IpAddress peer_ip_;  // kept: after a reset the kernel has forgotten it
  uint16_t peer_port_;
  bool is_local_;
  bool readable_ = false;
  bool writable_;
  bool ended_ = false;  // the peer sent FIN or the connection broke: reading never waits again
  io::Interest armed_ = io::Interest::read;
};

}  // namespace pabal::os

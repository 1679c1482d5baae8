#include "os/socket_stream.h"

#include <cerrno>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/address.h"

namespace pabal::os {

SocketStream::SocketStream(int fd, const io::Endpoint& peer, EpollPoller& poller, bool connected)
    : poller_(poller),
      fd_(fd),
      peer_ip_(peer.ip),
      peer_port_(peer.port),
      is_local_(!peer.path.empty()),
      writable_(connected) {
  try {
    slot_ = poller_.add(fd_, EPOLLIN | EPOLLOUT | EPOLLRDHUP, *this);
  } catch (...) {
    close(fd_);
    throw;
  }
}

SocketStream::~SocketStream() {
  poller_.remove(slot_);
  close(fd_);
}

io::TryResult SocketStream::try_read(std::span<char> into) {
  if (!readable_) return {io::TryResult::would_block};
  for (;;) {
    ssize_t n = recv(fd_, into.data(), into.size(), 0);
    if (n > 0) {
      size_t octets = static_cast<size_t>(n);
      readable_ = ended_ || octets == into.size();
      return {io::TryResult::done, octets};
    }
    if (n == 0) return {io::TryResult::eof};
    if (errno == EINTR) continue;
    if (errno != EAGAIN) throw io::IoError::from_errno(errno, "read from " + peer().to_string());
    readable_ = false;
    return {io::TryResult::would_block};
  }
}

io::TryResult SocketStream::try_write(std::string_view bytes) {
  verify(!bytes.empty(), "there is something to write");
  if (!writable_) return {io::TryResult::would_block};
  for (;;) {
    ssize_t n = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n > 0) {
      size_t octets = static_cast<size_t>(n);
      writable_ = octets == bytes.size();
      return {io::TryResult::done, octets};
    }
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno != EAGAIN) throw io::IoError::from_errno(errno, "write to " + peer().to_string());
    writable_ = false;
    return {io::TryResult::would_block};
  }
}

void SocketStream::finish() {
  shutdown(fd_, SHUT_WR);
}

io::Endpoint SocketStream::local() const {
  return local_endpoint(fd_);
}

io::Endpoint SocketStream::peer() const {
  if (!is_local_) return {peer_ip_, peer_port_, {}};
  // Only one side of a local connection has a name; it stands for both.
  io::Endpoint name = peer_endpoint(fd_);
  return name.path.empty() ? local_endpoint(fd_) : name;
}

int SocketStream::take_error() {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length);
  return error;
}

void SocketStream::arm(io::Interest interest) {
  armed_ = interest;
  if (is_ready(interest)) signal();
}

void SocketStream::on_events(uint32_t events) {
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
    ended_ = true;
    readable_ = true;
  }
  if (events & EPOLLIN) readable_ = true;
  if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) writable_ = true;
  if (waiting() && is_ready(armed_)) signal();
}

}  // namespace pabal::os

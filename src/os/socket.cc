#include "os/socket.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "os/address.h"
#include "os/epoll.h"
#include "os/socket_stream.h"

namespace pabal::os {

namespace {

constexpr mode_t kLocalSocketMode = 0660;

// Closes on every way out that does not hand the descriptor on.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

void set_option(int fd, int level, int option) {
  int on = 1;
  setsockopt(fd, level, option, &on, sizeof on);
}

Descriptor make_socket(const SocketAddress& address, const std::string& purpose) {
  int fd = socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw io::IoError::from_errno(errno, purpose);
  // Replies leave at once; gathering them is our own business.
  if (address.family() != AF_UNIX) set_option(fd, IPPROTO_TCP, TCP_NODELAY);
  return Descriptor(fd);
}

// A socket file that nobody listens on any more is left from a crash.
void remove_stale(const SocketAddress& address, const std::string& path) {
  struct stat found;
  if (lstat(path.c_str(), &found) != 0 || !S_ISSOCK(found.st_mode)) return;
  Descriptor probe = make_socket(address, "listen " + path);
  if (connect(probe.get(), address.get(), address.length) != 0 && errno == ECONNREFUSED) unlink(path.c_str());
}

class SocketListener final : public io::Listener, private Watcher {
 public:
  SocketListener(Descriptor& socket, const io::Endpoint& at, EpollPoller& poller)
      : poller_(poller), socket_(socket.release()), path_(at.path) {
    slot_ = poller_.add(socket_.get(), EPOLLIN, *this);
  }
  ~SocketListener() override {
    poller_.remove(slot_);
    if (!path_.empty()) unlink(path_.c_str());
  }

  std::unique_ptr<io::Stream> try_accept() override;
  io::Endpoint local() const override { return local_endpoint(socket_.get()); }

 private:
  void arm(io::Interest) override {
    if (acceptable_) signal();
  }
  void disarm() override {}
  void on_events(uint32_t) override {
    acceptable_ = true;
    if (waiting()) signal();
  }

  EpollPoller& poller_;
  Descriptor socket_;
  uint32_t slot_ = 0;
  bool acceptable_ = false;
  std::string path_;
};

std::unique_ptr<io::Stream> SocketListener::try_accept() {
  while (acceptable_) {
    SocketAddress address;
    int fd = accept4(socket_.get(), address.get(), &address.length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      io::Endpoint peer = to_endpoint(address);
      if (address.family() == AF_UNIX) peer.path = path_;
      return std::make_unique<SocketStream>(fd, peer, poller_, true);
    }
    switch (errno) {
      case EAGAIN:
        acceptable_ = false;
        break;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        throw io::IoError::from_errno(errno, "accept on " + local().to_string());
      default:
        break;  // accept(2): errors of the connection that is gone already; take the next
    }
  }
  return nullptr;
}

}  // namespace

std::unique_ptr<io::Listener> SocketNet::listen(const io::Endpoint& at, io::ListenOptions options) {
  const std::string purpose = "listen " + at.to_string();
  SocketAddress address = to_socket_address(at);
  Descriptor socket = make_socket(address, purpose);
  if (address.family() == AF_UNIX) {
    remove_stale(address, at.path);
    fchmod(socket.get(), kLocalSocketMode);  // never wider open than this, whatever the umask
  } else {
    set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR);
    if (options.reuse_port) set_option(socket.get(), SOL_SOCKET, SO_REUSEPORT);
    if (at.ip.v6) set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  }
  if (bind(socket.get(), address.get(), address.length) != 0) throw io::IoError::from_errno(errno, purpose);
  if (address.family() == AF_UNIX) chmod(at.path.c_str(), kLocalSocketMode);
  if (::listen(socket.get(), options.backlog) != 0) throw io::IoError::from_errno(errno, purpose);
  return std::make_unique<SocketListener>(socket, at, EpollPoller::current());
}

rt::Task<std::unique_ptr<io::Stream>> SocketNet::connect(io::Endpoint to, Instant deadline) {
  const std::string purpose = "connect " + to.to_string();
  SocketAddress address = to_socket_address(to);
  Descriptor socket = make_socket(address, purpose);
  bool connected = ::connect(socket.get(), address.get(), address.length) == 0;
  // EINTR goes on in the background like EINPROGRESS (connect(2)).
  if (!connected && errno != EINPROGRESS && errno != EINTR) {
    // A local socket whose backlog is full.
    if (errno == EAGAIN) throw io::IoError(io::IoFault::refused, purpose + ": too many wait already");
    throw io::IoError::from_errno(errno, purpose);
  }
  auto stream = std::make_unique<SocketStream>(socket.release(), to, EpollPoller::current(), connected);
  if (!connected) {
    if (co_await stream->writable(deadline) == rt::Wake::deadline) {
      throw io::IoError(io::IoFault::timeout, purpose + ": no answer within the time limit");
    }
    if (int error = stream->take_error()) throw io::IoError::from_errno(error, purpose);
  }
  co_return stream;
}

std::vector<io::IpAddress> SocketNet::addresses() {
  std::vector<io::IpAddress> found;
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return found;
  for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr) continue;
    SocketAddress address;
    if (one->ifa_addr->sa_family == AF_INET) {
      address.length = sizeof(sockaddr_in);
    } else if (one->ifa_addr->sa_family == AF_INET6) {
      address.length = sizeof(sockaddr_in6);
    } else {
      continue;
    }
    memcpy(&address.storage, one->ifa_addr, address.length);
    found.push_back(to_endpoint(address).ip);
  }
  freeifaddrs(first);
  return found;
}

}  // namespace pabal::os

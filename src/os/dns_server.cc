#include "os/dns_server.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/verify.h"
#include "io/error.h"
#include "os/address.h"

namespace pabal::os {

namespace {

constexpr int kTcpTimeoutMs = 2000;
constexpr int kTriesMax = 20;
constexpr char kServFail = 2;  // RFC 1035 §4.1.1

bool read_exactly(int fd, char* into, size_t octets) {
  while (octets > 0) {
    pollfd wait{fd, POLLIN, 0};
    if (poll(&wait, 1, kTcpTimeoutMs) != 1) return false;
    ssize_t n = read(fd, into, octets);
    if (n <= 0) return false;
    into += n;
    octets -= static_cast<size_t>(n);
  }
  return true;
}

}  // namespace

DnsServer::DnsServer(proto::dns::Zones zones, const io::Endpoint& at) : zones_(std::move(zones)) {
  SocketAddress address = to_socket_address(at);
  tcp_ = socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  stop_ = eventfd(0, EFD_CLOEXEC);
  auto fail = [&] {
    int error = errno;
    for (int fd : {udp_, tcp_, stop_}) close(fd);
    throw io::IoError::from_errno(error, "DNS server on " + at.to_string());
  };
  int on = 1;
  setsockopt(tcp_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  bool bound = false;
  // A port that the kernel finds free for UDP may be in use for TCP.
  for (int tries = at.port == 0 ? kTriesMax : 1; tries > 0 && !bound; --tries) {
    if (udp_ >= 0) close(udp_);
    udp_ = socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (bind(udp_, address.get(), address.length) != 0) fail();
    endpoint_ = local_endpoint(udp_);
    SocketAddress same = to_socket_address(endpoint_);
    bound = bind(tcp_, same.get(), same.length) == 0;
  }
  if (!bound || listen(tcp_, 16) != 0) fail();
  thread_ = std::thread([this] { run(); });
}

DnsServer::~DnsServer() {
  uint64_t one = 1;
  verify(write(stop_, &one, sizeof one) == sizeof one, "an eventfd takes a one");
  thread_.join();
  for (int fd : {udp_, tcp_, stop_}) close(fd);
}

void DnsServer::run() {
  for (;;) {
    std::array<pollfd, 3> wait{{{stop_, POLLIN, 0}, {udp_, POLLIN, 0}, {tcp_, POLLIN, 0}}};
    if (poll(wait.data(), wait.size(), -1) < 0) continue;
    if (wait[0].revents != 0) return;
    if (wait[1].revents != 0) serve_udp();
    if (wait[2].revents != 0) serve_tcp();
  }
}

std::string DnsServer::respond(std::string_view query, bool over_udp) {
  ++questions_;
  std::string response = zones_.answer(query, over_udp).value_or("");
  if (broken_ && response.size() >= 12) {
    // The header with the question alone; counts of the other sections zero.
    response = std::string(query);
    response[2] = static_cast<char>(response[2] | 0x80);
    response[3] = static_cast<char>((response[3] & 0xF0) | kServFail);
    memset(response.data() + 6, 0, 4);
  }
  return response;
}

void DnsServer::serve_udp() {
  std::array<char, 4096> buffer;
  sockaddr_storage from{};
  socklen_t length = sizeof from;
  ssize_t n = recvfrom(udp_, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
  if (n <= 0) return;
  std::string response = respond({buffer.data(), static_cast<size_t>(n)}, true);
  if (response.empty()) return;
  sendto(udp_, response.data(), response.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&from), length);
}

// One question per connection, RFC 1035 §4.2.2.
void DnsServer::serve_tcp() {
  int peer = accept4(tcp_, nullptr, nullptr, SOCK_CLOEXEC);
  if (peer < 0) return;
  std::array<char, 2> head;
  if (read_exactly(peer, head.data(), head.size())) {
    size_t length =
        static_cast<size_t>(static_cast<unsigned char>(head[0]) << 8 | static_cast<unsigned char>(head[1]));
    std::string query(length, '\0');
    if (read_exactly(peer, query.data(), length)) {
      std::string response = respond(query, false);
      std::string framed{static_cast<char>(response.size() >> 8), static_cast<char>(response.size() & 0xFF)};
      framed += response;
      send(peer, framed.data(), framed.size(), MSG_NOSIGNAL);
    }
  }
  close(peer);
}

}  // namespace pabal::os

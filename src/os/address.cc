#include "os/address.h"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <netinet/in.h>
#include <sys/un.h>

#include "io/error.h"

namespace pabal::os {

SocketAddress to_socket_address(const io::Endpoint& endpoint) {
  SocketAddress address;
  if (!endpoint.path.empty()) {
    sockaddr_un un{};
    un.sun_family = AF_UNIX;
    if (endpoint.path.size() >= sizeof un.sun_path)
      throw io::IoError::from_errno(ENAMETOOLONG, endpoint.path);
    memcpy(un.sun_path, endpoint.path.data(), endpoint.path.size());
    memcpy(&address.storage, &un, sizeof un);
    address.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + endpoint.path.size() + 1);
  } else if (endpoint.ip.v6) {
    sockaddr_in6 in6{};
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(endpoint.port);
    memcpy(&in6.sin6_addr, endpoint.ip.bytes.data(), 16);
    memcpy(&address.storage, &in6, sizeof in6);
    address.length = sizeof in6;
  } else {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(endpoint.port);
    memcpy(&in.sin_addr, endpoint.ip.bytes.data(), 4);
    memcpy(&address.storage, &in, sizeof in);
    address.length = sizeof in;
  }
  return address;
}

io::Endpoint to_endpoint(const SocketAddress& address) {
  io::Endpoint endpoint;
  if (address.family() == AF_INET6) {
    sockaddr_in6 in6;
    memcpy(&in6, &address.storage, sizeof in6);
    endpoint.ip.v6 = true;
    memcpy(endpoint.ip.bytes.data(), &in6.sin6_addr, 16);
    endpoint.port = ntohs(in6.sin6_port);
  } else if (address.family() == AF_INET) {
    sockaddr_in in;
    memcpy(&in, &address.storage, sizeof in);
    memcpy(endpoint.ip.bytes.data(), &in.sin_addr, 4);
    endpoint.port = ntohs(in.sin_port);
  } else if (address.family() == AF_UNIX && address.length > offsetof(sockaddr_un, sun_path)) {
    sockaddr_un un;
    memcpy(&un, &address.storage, sizeof un);
    endpoint.path.assign(un.sun_path, strnlen(un.sun_path, address.length - offsetof(sockaddr_un, sun_path)));
  }
  return endpoint;
}

io::Endpoint local_endpoint(int fd) {
  SocketAddress address;
  if (getsockname(fd, address.get(), &address.length) != 0) return {};
  return to_endpoint(address);
}

io::Endpoint peer_endpoint(int fd) {
  SocketAddress address;
  if (getpeername(fd, address.get(), &address.length) != 0) return {};
  return to_endpoint(address);
}

}  // namespace pabal::os

// io::Endpoint to and from the kernel's socket addresses.
#pragma once

#include <sys/socket.h>

#include "io/endpoint.h"

namespace pabal::os {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
};

// Throws IoError when the path of a local socket is too long for the kernel.
SocketAddress to_socket_address(const io::Endpoint& endpoint);
io::Endpoint to_endpoint(const SocketAddress& address);

// What the socket is bound and connected to; an empty endpoint when the kernel
// does not know (any more).
io::Endpoint local_endpoint(int fd);
io::Endpoint peer_endpoint(int fd);

}  // namespace pabal::os

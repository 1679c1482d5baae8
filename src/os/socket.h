// SocketNet: TCP over IPv4 and IPv6, and local (Unix) sockets, without blocking.
// Streams and listeners belong to the loop on which they were made.
#pragma once

#include "io/net.h"

namespace pabal::os {

class SocketNet final : public io::Net {
 public:
  // A local socket gets mode 0660 and replaces one that nobody listens on any
  // more; its file goes with the listener. An IPv6 listener takes IPv6 only.
  std::unique_ptr<io::Listener> listen(const io::Endpoint& at, io::ListenOptions options) override;
  rt::Task<std::unique_ptr<io::Stream>> connect(io::Endpoint to, Instant deadline) override;
  std::vector<io::IpAddress> addresses() override;
};

}  // namespace pabal::os

// Net: listening and connecting.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "io/stream.h"

namespace pabal::io {

class Listener : public Waitable {
 public:
  // The next connection, or nullptr when none waits. Throws IoError (e.g. out of
  // descriptors; wait a little and go on).
  virtual std::unique_ptr<Stream> try_accept() = 0;
  // The bound address; its port is the real one when 0 was asked for.
  virtual Endpoint local() const = 0;
};

struct ListenOptions {
  bool reuse_port = false;  // one listening socket per loop on the same port
  int backlog = 1024;
};

class Net {
 public:
  virtual ~Net() = default;
  // Belongs to the loop that calls. Throws IoError.
  virtual std::unique_ptr<Listener> listen(const Endpoint& at, ListenOptions options) = 0;
  // Throws IoError: refused, unreachable, timeout.
  virtual rt::Task<std::unique_ptr<Stream>> connect(Endpoint to, Instant deadline) = 0;
  // Of this machine's interfaces, as they are now.
  virtual std::vector<IpAddress> addresses() = 0;
};

}  // namespace pabal::io

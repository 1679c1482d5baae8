// IoError: the world broke under us. Thrown by the leaves of io and caught at
// the three roots only: session, delivery attempt, background job.
#pragma once

#include <stdexcept>
#include <string>

namespace pabal::io {

enum class IoFault { timeout, closed, reset, refused, unreachable, tls, no_space, other };

class IoError : public std::runtime_error {
 public:
  // what: for people, e.g. "connect 127.0.0.1:25: connection refused".
  IoError(IoFault fault, const std::string& what) : std::runtime_error(what), fault_(fault) {}
  // From errno: "open /var/lib/pabal/x: No such file or directory".
  static IoError from_errno(int error, const std::string& what);

  IoFault fault() const { return fault_; }

 private:
  IoFault fault_;
};

}  // namespace pabal::io

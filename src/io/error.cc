#include "io/error.h"

#include <cerrno>
#include <system_error>

namespace pabal::io {

IoError IoError::from_errno(int error, const std::string& what) {
  IoFault fault = IoFault::other;
  switch (error) {
    case ETIMEDOUT:
      fault = IoFault::timeout;
      break;
    case EPIPE:
      fault = IoFault::closed;
      break;
    case ECONNRESET:
    case ECONNABORTED:
      fault = IoFault::reset;
      break;
    case ECONNREFUSED:
      fault = IoFault::refused;
      break;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
      fault = IoFault::unreachable;
      break;
    case ENOSPC:
    case EDQUOT:
      fault = IoFault::no_space;
      break;
    default:
      break;
  }
  return IoError(fault, what + ": " + std::generic_category().message(error));
}

}  // namespace pabal::io

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
  std::string text = what + ": " + std::generic_category().message(error);
  if (error == EMFILE)
    text +=
        ": this process may have no more; raise LimitNOFILE= of its unit, or `ulimit -n` before it starts";
  if (error == ENFILE) text += ": the whole system may have no more; raise fs.file-max";
  return IoError(fault, text);
}

}  // namespace pabal::io

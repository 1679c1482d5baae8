#include "tls/openssl.h"

#include <openssl/err.h>
#include <system_error>

namespace pabal::tls {

Time time_of(const ASN1_TIME* time) {
  tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return {static_cast<int64_t>(timegm(&parts)) * 1000};
}

std::string take_reason() {
  unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown error";
  if (ERR_SYSTEM_ERROR(code)) return std::generic_category().message(ERR_GET_REASON(code));
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "error " + std::to_string(code);
}

io::IoError tls_error(const std::string& what) {
  return io::IoError(io::IoFault::tls, what + ": " + take_reason());
}

}  // namespace pabal::tls

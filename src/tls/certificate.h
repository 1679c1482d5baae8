// Certificates of our own making: for a server that has none yet, and a
// throw-away authority for tests and the demo. ECDSA over P-256, random serials.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"

namespace pabal::tls {

struct Credentials {
  std::string certificate_pem;
  std::string key_pem;
};

// names: host names and IP addresses, at least one. Valid from a day before
// `now`, for ten years. All throw IoError (IoFault::tls) when OpenSSL does.
Credentials make_self_signed(const std::vector<std::string>& names, Time now);

// An authority that may issue server certificates only.
Credentials make_ca(const std::string& common_name, Time now);
// Valid for a year; certificate_pem is the server's alone, without the authority's.
Credentials issue(const Credentials& ca, const std::vector<std::string>& names, Time now);

}  // namespace pabal::tls

// What can be said of a certificate and its key before anybody connects.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "tls/context.h"

namespace pabal::tls {

struct CertificateFacts {
  Time not_before, not_after;
  std::vector<std::string> names;  // DNS names and addresses of its subjectAltName
  bool self_signed = false;
  bool is_for_host = false;  // RFC 6125 §6.4; or by its CN, if it has no names
};

// Reads both files as this process may. The error is one sentence that names the
// file: not there, not to be read, not in PEM, under a passphrase, or a key that
// does not belong to the certificate. host: the name that clients know.
std::expected<CertificateFacts, std::string> inspect(const CertificateFiles& files, const std::string& host);

}  // namespace pabal::tls

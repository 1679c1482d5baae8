// What a server says it can do, in its reply to EHLO (RFC 5321 §4.1.1.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/smtp/reply.h"

namespace pabal::proto::smtp {

struct Limits {                             // RFC 9422
  std::optional<uint64_t> rcpt_max;         // RCPT commands per transaction
  std::optional<uint64_t> mail_max;         // transactions per connection
  std::optional<uint64_t> rcpt_domain_max;  // different domains per transaction
  bool operator==(const Limits&) const = default;
};

struct Capabilities {
  std::string host;  // as the server names itself

  bool size = false;                   // RFC 1870
  std::optional<uint64_t> size_max;    // octets; nullopt: no fixed maximum is told
  bool pipelining = false;             // RFC 2920
  bool eight_bit_mime = false;         // RFC 6152
  bool smtputf8 = false;               // RFC 6531
  bool chunking = false;               // RFC 3030
  bool binary_mime = false;            // RFC 3030
  bool enhanced_status_codes = false;  // RFC 2034
  bool dsn = false;                    // RFC 3461
  bool start_tls = false;              // RFC 3207
  std::vector<std::string> auth;       // mechanisms, upper-case, RFC 4954
  Limits limits;                       // RFC 9422
  bool help = false;
  bool vrfy = false;

  bool has_auth(std::string_view mechanism) const;
  bool operator==(const Capabilities&) const = default;
};

// From the reply to EHLO or LHLO. "AUTH=LOGIN" of old servers is read as AUTH.
// Unknown keywords are ignored.
Capabilities parse_capabilities(const Reply& ehlo);

// The keyword lines our server sends, without the first (host) line.
std::vector<std::string> capability_lines(const Capabilities& offered);

}  // namespace pabal::proto::smtp

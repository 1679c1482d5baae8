// The SASL mechanisms we speak.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pabal::proto::sasl {

enum class Mechanism {
  plain,               // RFC 4616
  login,               // never standardised, still what Outlook sends
  scram_sha_256,       // RFC 7677
  scram_sha_256_plus,  // RFC 7677 with channel binding
};
std::string_view name(Mechanism mechanism);
// ASCII case is ignored (RFC 4422 §3.1 has them upper-case).
std::optional<Mechanism> parse_mechanism(std::string_view name);

// What ties the authentication to this TLS connection. Empty values: not
// available, then there is no -PLUS.
struct ChannelBindings {
  std::string tls_exporter;          // 32 octets, RFC 9266; only with TLS 1.3
  std::string tls_server_end_point;  // hash of the certificate, RFC 5929 §4

  bool available() const { return !tls_exporter.empty() || !tls_server_end_point.empty(); }
};

constexpr size_t kResponseMax = 8192;  // octets of one decoded response or challenge
constexpr size_t kUsernameMax = 512;   // octets

}  // namespace pabal::proto::sasl

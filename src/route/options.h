// How mail leaves this server; part of the configuration.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "io/endpoint.h"

namespace pabal::route {

enum class TlsDemand {
  none,           // never
  opportunistic,  // STARTTLS when offered, any certificate, in the clear when it fails (RFC 7435)
  required,       // STARTTLS with a certificate that is right for the host, or no mail
  implicit,       // TLS from the first octet (RFC 8314 §3), certificate as for required
};

// Where mail goes instead of where MX records say.
struct Smarthost {
  std::string pattern;  // "example.org", ".example.org" (everything below it), "*"
  std::string host;     // name or IP address
  uint16_t port = 25;
  TlsDemand tls = TlsDemand::opportunistic;
  std::string username;  // "" without AUTH
  std::string password;

  bool matches(const std::string& domain) const;
};

enum class AddressOrder { alternate, ipv6_first, ipv4_first, ipv6_only, ipv4_only };

struct RouteOptions {
  std::string hostname;               // ours, to see when an MX record means us
  uint16_t smtp_port = 25;            // of the servers that MX records name
  std::vector<Smarthost> smarthosts;  // the most specific pattern wins
  AddressOrder order = AddressOrder::alternate;
  // Where this server listens, on a socket of any kind: what leads there goes in circles.
  std::vector<io::Endpoint> own;
  // Addresses in them may be connected to wherever they are; see address_space.h.
  std::vector<io::IpPrefix> inner_networks;
  bool private_networks = true;  // as the Internet
  Duration dns_timeout = std::chrono::seconds(30);
};

}  // namespace pabal::route

// What kind of place an IP address is: a domain may name any address in its MX and
// address records, and a sender in a literal, and where that leads is not theirs to
// choose (our own services that trust the loopback, a cloud's metadata server).
#pragma once

#include "io/endpoint.h"

namespace pabal::route {

enum class Space {
  internet,
  private_network,  // RFC 1918, RFC 4193, RFC 6598, site-local
  inner,            // loopback, unspecified, link-local, multicast, reserved: no mail server is there
};

// An IPv6 address that stands for an IPv4 address (mapped, compatible, NAT64 of
// RFC 6052, 6to4) is what that one is.
Space space_of(const io::IpAddress& ip);

// The IPv4 address in "::ffff:192.0.2.1", with which the kernel connects to
// 192.0.2.1; others as they are.
io::IpAddress unmapped(const io::IpAddress& ip);

}  // namespace pabal::route

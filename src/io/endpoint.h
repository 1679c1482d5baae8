// Where a socket is: an IP address with a port, or a path of a local socket.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pabal::io {

struct IpAddress {
  std::array<uint8_t, 16> bytes{};  // IPv4 in the first four
  bool v6 = false;

  auto operator<=>(const IpAddress&) const = default;
  bool is_loopback() const;
  // What one host has: this address, and of IPv6 its /64, which is the least that a
  // network gives (RFC 6177) and out of which a host takes what it likes (RFC 8981).
  IpAddress host() const;
  static std::optional<IpAddress> parse(std::string_view text);
  // rdata of an A or AAAA record: 4 or 16 octets.
  static std::optional<IpAddress> from_octets(std::string_view octets);
  std::string to_string() const;
};

// "192.0.2.0/24", "2001:db8::/32", or a single address.
struct IpPrefix {
  IpAddress address;
  int bits = 0;

  static std::optional<IpPrefix> parse(std::string_view text);
  bool contains(const IpAddress& ip) const;
};

struct Endpoint {
  IpAddress ip;
  uint16_t port = 0;
  std::string path;  // not empty: a local socket, ip and port mean nothing

  bool operator==(const Endpoint&) const = default;
  // "127.0.0.1:25", "[::1]:25", "/run/pabal/lmtp.sock".
  static std::optional<Endpoint> parse(std::string_view text);
  std::string to_string() const;
};

}  // namespace pabal::io

#include "io/endpoint.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>

#include "base/bytes.h"

namespace pabal::io {

bool IpAddress::is_loopback() const {
  if (!v6) return bytes[0] == 127;
  IpAddress one;
  one.v6 = true;
  one.bytes[15] = 1;
  return *this == one;
}

IpAddress IpAddress::host() const {
  IpAddress out = *this;
  if (v6) std::fill(out.bytes.begin() + 8, out.bytes.end(), uint8_t{0});
  return out;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  std::string terminated(text);
  IpAddress ip;
  if (inet_pton(AF_INET, terminated.c_str(), ip.bytes.data()) == 1) return ip;
  ip.v6 = true;
  if (inet_pton(AF_INET6, terminated.c_str(), ip.bytes.data()) == 1) return ip;
  return std::nullopt;
}

std::optional<IpAddress> IpAddress::from_octets(std::string_view octets) {
  if (octets.size() != 4 && octets.size() != 16) return std::nullopt;
  IpAddress ip;
  ip.v6 = octets.size() == 16;
  memcpy(ip.bytes.data(), octets.data(), octets.size());
  return ip;
}

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN];
  inet_ntop(v6 ? AF_INET6 : AF_INET, bytes.data(), text, sizeof text);
  return text;
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) {
  size_t slash = text.find('/');
  auto ip = IpAddress::parse(text.substr(0, slash));
  if (!ip) return std::nullopt;
  int width = ip->v6 ? 128 : 32;
  if (slash == std::string_view::npos) return IpPrefix{*ip, width};
  auto bits = parse_uint(text.substr(slash + 1));
  if (!bits || *bits > static_cast<uint64_t>(width)) return std::nullopt;
  return IpPrefix{*ip, static_cast<int>(*bits)};
}

bool IpPrefix::contains(const IpAddress& ip) const {
  if (ip.v6 != address.v6) return false;
  for (int bit = 0; bit < bits; bit += 8) {
    int left = bits - bit;
    uint8_t mask = left >= 8 ? 0xFF : static_cast<uint8_t>(0xFF << (8 - left));
    size_t i = static_cast<size_t>(bit / 8);
    if ((ip.bytes[i] & mask) != (address.bytes[i] & mask)) return false;
  }
  return true;
}

std::optional<Endpoint> Endpoint::parse(std::string_view text) {
  Endpoint endpoint;
  if (text.starts_with('/')) {
    endpoint.path = text;
    return endpoint;
  }
  size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  auto ip = IpAddress::parse(host);
  auto port = parse_uint(text.substr(colon + 1));
  if (!ip || !port || *port > 65535) return std::nullopt;
  endpoint.ip = *ip;
  endpoint.port = static_cast<uint16_t>(*port);
  return endpoint;
}

std::string Endpoint::to_string() const {
  if (!path.empty()) return path;
  std::string host = ip.to_string();
  return (ip.v6 ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

}  // namespace pabal::io

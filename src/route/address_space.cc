#include "route/address_space.h"

#include <algorithm>
#include <optional>
#include <span>

#include "base/verify.h"

namespace pabal::route {

namespace {

using io::IpAddress;
using io::IpPrefix;

bool in(const IpAddress& ip, const char* prefix) {
  std::optional<IpPrefix> parsed = IpPrefix::parse(prefix);
  verify(parsed.has_value(), "a prefix of ours is one");
  return parsed->contains(ip);
}

bool in_any(const IpAddress& ip, std::span<const char* const> prefixes) {
  return std::ranges::any_of(prefixes, [&](const char* prefix) { return in(ip, prefix); });
}

struct Embedding {
  const char* prefix;
  size_t offset;  // of the IPv4 address
};
constexpr Embedding kEmbeddings[] = {
    {"::ffff:0:0/96", 12},   // RFC 4291 §2.5.5.2
    {"64:ff9b::/96", 12},    // RFC 6052 §2.1
    {"64:ff9b:1::/48", 12},  // RFC 8215, of /96 as it is used there
    {"2002::/16", 2},        // RFC 3056
    {"::/96", 12},           // RFC 4291 §2.5.5.1
};

IpAddress ipv4_at(const IpAddress& ip, size_t offset) {
  IpAddress inside;
  std::copy_n(ip.bytes.begin() + static_cast<ptrdiff_t>(offset), 4, inside.bytes.begin());
  return inside;
}

// RFC 6890 and the registries that it begins.
constexpr const char* kInner4[] = {"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4",
                                   "240.0.0.0/4"};
constexpr const char* kPrivate4[] = {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"};
constexpr const char* kInner6[] = {"::/128", "::1/128", "fe80::/10", "ff00::/8"};
constexpr const char* kPrivate6[] = {"fc00::/7", "fec0::/10"};

}  // namespace

IpAddress unmapped(const IpAddress& ip) {
  return ip.v6 && in(ip, "::ffff:0:0/96") ? ipv4_at(ip, 12) : ip;
}

Space space_of(const IpAddress& ip) {
  if (in_any(ip, kInner4) || in_any(ip, kInner6)) return Space::inner;
  if (in_any(ip, kPrivate4) || in_any(ip, kPrivate6)) return Space::private_network;
  if (!ip.v6) return Space::internet;
  for (const Embedding& embedding : kEmbeddings) {
    if (in(ip, embedding.prefix)) return space_of(ipv4_at(ip, embedding.offset));
  }
  return Space::internet;
}

}  // namespace pabal::route

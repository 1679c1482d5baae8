// The rdata of the record types we use. parse_* take uncompressed rdata, as
// dns::decode and libunbound hand it out; nullopt when it is malformed.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/dns/message.h"

namespace pabal::proto::dns {

struct Mx {
  uint16_t preference = 0;
  std::string host;  // canonical; "" is a null MX (RFC 7505)
  bool operator==(const Mx&) const = default;
};
struct Srv {  // RFC 2782
  uint16_t priority = 0;
  uint16_t weight = 0;
  uint16_t port = 0;
  std::string host;
  bool operator==(const Srv&) const = default;
};
struct Soa {
  std::string primary;
  std::string mailbox;
  uint32_t serial = 0;
  uint32_t refresh = 0;  // seconds, like all that follow
  uint32_t retry = 0;
  uint32_t expire = 0;
  uint32_t minimum = 0;
  bool operator==(const Soa&) const = default;
};

std::optional<std::array<uint8_t, 4>> parse_a(std::string_view rdata);
std::optional<std::array<uint8_t, 16>> parse_aaaa(std::string_view rdata);
std::optional<Mx> parse_mx(std::string_view rdata);
std::optional<Srv> parse_srv(std::string_view rdata);
std::optional<Soa> parse_soa(std::string_view rdata);
// CNAME, NS and PTR: one name.
std::optional<std::string> parse_name_rdata(std::string_view rdata);
// The character-strings, not joined; SPF and DKIM join them without a space
// (RFC 7208 §3.3).
std::optional<std::vector<std::string>> parse_txt(std::string_view rdata);

std::string make_a(std::array<uint8_t, 4> address);
std::string make_aaaa(const std::array<uint8_t, 16>& address);
std::string make_mx(const Mx& mx);
std::string make_srv(const Srv& srv);
std::string make_soa(const Soa& soa);
std::string make_name_rdata(std::string_view name);
// A string longer than 255 octets is cut into several.
std::string make_txt(const std::vector<std::string>& strings);

// "192.0.2.1", "2001:db8::1" and back, for A and AAAA rdata.
std::optional<std::array<uint8_t, 4>> parse_ipv4(std::string_view text);
std::optional<std::array<uint8_t, 16>> parse_ipv6(std::string_view text);
std::string to_text(const std::array<uint8_t, 4>& address);
std::string to_text(const std::array<uint8_t, 16>& address);  // RFC 5952

// Rdata as a zone file has it: "10 mx.seoul.test."; "\# 2 abcd" for a type
// not listed above (RFC 3597 §5).
std::string rdata_text(Type type, std::string_view rdata);

// The name that asks for an address's PTR: "1.2.0.192.in-addr.arpa".
std::string reverse_name(const std::array<uint8_t, 4>& address);
std::string reverse_name(const std::array<uint8_t, 16>& address);

}  // namespace pabal::proto::dns

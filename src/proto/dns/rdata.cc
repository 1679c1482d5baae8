#include "proto/dns/rdata.h"

#include <algorithm>
#include <arpa/inet.h>

#include "base/bytes.h"
#include "proto/dns/wire.h"

namespace pabal::proto::dns {

namespace {

Cursor cursor_on(std::string_view rdata) {
  return Cursor(rdata, 0, Compression::refused);
}

template <size_t N>
std::optional<std::array<uint8_t, N>> exactly(std::string_view rdata) {
  if (rdata.size() != N) return std::nullopt;
  std::array<uint8_t, N> out;
  std::ranges::copy(rdata, out.begin());
  return out;
}

template <size_t N>
std::string octets(const std::array<uint8_t, N>& address) {
  return std::string(reinterpret_cast<const char*>(address.data()), N);
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c >= ' ' && c <= '~') {
      out += c;
    } else {
      std::string digits = std::to_string(static_cast<unsigned char>(c));
      out += "\\" + std::string(3 - digits.size(), '0') + digits;
    }
  }
  return out + "\"";
}

std::string dotted(std::string_view name) {
  return std::string(name) + ".";
}

// The text when the rdata is well-formed for its type, nullopt otherwise.
std::optional<std::string> typed_text(Type type, std::string_view rdata) {
  switch (type) {
    case Type::a:
      if (auto a = parse_a(rdata)) return to_text(*a);
      break;
    case Type::aaaa:
      if (auto a = parse_aaaa(rdata)) return to_text(*a);
      break;
    case Type::mx:
      if (auto mx = parse_mx(rdata)) return std::to_string(mx->preference) + " " + dotted(mx->host);
      break;
    case Type::srv:
      if (auto srv = parse_srv(rdata))
        return std::to_string(srv->priority) + " " + std::to_string(srv->weight) + " " +
               std::to_string(srv->port) + " " + dotted(srv->host);
      break;
    case Type::soa:
      if (auto soa = parse_soa(rdata)) {
        std::string text = dotted(soa->primary) + " " + dotted(soa->mailbox);
        for (uint32_t value : {soa->serial, soa->refresh, soa->retry, soa->expire, soa->minimum})
          text += " " + std::to_string(value);
        return text;
      }
      break;
    case Type::ns:
    case Type::cname:
    case Type::ptr:
      if (auto name = parse_name_rdata(rdata)) return dotted(*name);
      break;
    case Type::txt:
      if (auto strings = parse_txt(rdata)) {
        std::vector<std::string> out;
        for (const std::string& one : *strings) out.push_back(quoted(one));
        return join(out, " ");
      }
      break;
    default:
      break;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::array<uint8_t, 4>> parse_a(std::string_view rdata) {
  return exactly<4>(rdata);
}

std::optional<std::array<uint8_t, 16>> parse_aaaa(std::string_view rdata) {
  return exactly<16>(rdata);
}

std::optional<Mx> parse_mx(std::string_view rdata) {
  Cursor cursor = cursor_on(rdata);
  Mx mx;
  mx.preference = cursor.u16();
  mx.host = cursor.name();
  return cursor.at_end() ? std::optional(mx) : std::nullopt;
}

std::optional<Srv> parse_srv(std::string_view rdata) {
  Cursor cursor = cursor_on(rdata);
  Srv srv;
  srv.priority = cursor.u16();
  srv.weight = cursor.u16();
  srv.port = cursor.u16();
  srv.host = cursor.name();
  return cursor.at_end() ? std::optional(srv) : std::nullopt;
}

std::optional<Soa> parse_soa(std::string_view rdata) {
  Cursor cursor = cursor_on(rdata);
  Soa soa;
  soa.primary = cursor.name();
  soa.mailbox = cursor.name();
  soa.serial = cursor.u32();
  soa.refresh = cursor.u32();
  soa.retry = cursor.u32();
  soa.expire = cursor.u32();
  soa.minimum = cursor.u32();
  return cursor.at_end() ? std::optional(soa) : std::nullopt;
}

std::optional<std::string> parse_name_rdata(std::string_view rdata) {
  Cursor cursor = cursor_on(rdata);
  std::string name = cursor.name();
  return cursor.at_end() ? std::optional(name) : std::nullopt;
}

std::optional<std::vector<std::string>> parse_txt(std::string_view rdata) {
  if (rdata.empty()) return std::nullopt;
  std::vector<std::string> strings;
  while (!rdata.empty()) {
    size_t length = static_cast<uint8_t>(rdata[0]);
    if (rdata.size() < length + 1) return std::nullopt;
    strings.emplace_back(rdata.substr(1, length));
    rdata.remove_prefix(length + 1);
  }
  return strings;
}

std::string make_a(std::array<uint8_t, 4> address) {
  return octets(address);
}

std::string make_aaaa(const std::array<uint8_t, 16>& address) {
  return octets(address);
}

std::string make_mx(const Mx& mx) {
  std::string out;
  put16(out, mx.preference);
  return out + encode_name(mx.host);
}

std::string make_srv(const Srv& srv) {
  std::string out;
  put16(out, srv.priority);
  put16(out, srv.weight);
  put16(out, srv.port);
  return out + encode_name(srv.host);
}

std::string make_soa(const Soa& soa) {
  std::string out = encode_name(soa.primary) + encode_name(soa.mailbox);
  for (uint32_t value : {soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum}) put32(out, value);
  return out;
}

std::string make_name_rdata(std::string_view name) {
  return encode_name(name);
}

std::string make_txt(const std::vector<std::string>& strings) {
  std::string out;
  for (std::string_view text : strings) {
    do {
      std::string_view piece = text.substr(0, 255);
      out += static_cast<char>(piece.size());
      out += piece;
      text.remove_prefix(piece.size());
    } while (!text.empty());
  }
  return out;
}

std::optional<std::array<uint8_t, 4>> parse_ipv4(std::string_view text) {
  std::array<uint8_t, 4> out;
  if (inet_pton(AF_INET, std::string(text).c_str(), out.data()) != 1 || text.contains('\0'))
    return std::nullopt;
  return out;
}

std::optional<std::array<uint8_t, 16>> parse_ipv6(std::string_view text) {
  std::array<uint8_t, 16> out;
  if (inet_pton(AF_INET6, std::string(text).c_str(), out.data()) != 1 || text.contains('\0'))
    return std::nullopt;
  return out;
}

std::string to_text(const std::array<uint8_t, 4>& address) {
  char text[INET_ADDRSTRLEN];
  return inet_ntop(AF_INET, address.data(), text, sizeof text);
}

std::string to_text(const std::array<uint8_t, 16>& address) {
  char text[INET6_ADDRSTRLEN];
  return inet_ntop(AF_INET6, address.data(), text, sizeof text);
}

std::string rdata_text(Type type, std::string_view rdata) {
  if (auto text = typed_text(type, rdata)) return *text;
  std::string text = "\\# " + std::to_string(rdata.size());
  return rdata.empty() ? text : text + " " + to_hex(rdata);
}

std::string reverse_name(const std::array<uint8_t, 4>& address) {
  std::string name;
  for (size_t i = address.size(); i-- > 0;) name += std::to_string(address[i]) + ".";
  return name + "in-addr.arpa";
}

std::string reverse_name(const std::array<uint8_t, 16>& address) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string name;
  for (size_t i = address.size(); i-- > 0;) {
    name += {hex[address[i] & 15], '.', hex[address[i] >> 4], '.'};
  }
  return name + "ip6.arpa";
}

}  // namespace pabal::proto::dns

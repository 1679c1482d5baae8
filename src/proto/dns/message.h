// DNS messages (RFC 1035 §4), whole, both ways.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/dns/name.h"

namespace pabal::proto::dns {

constexpr size_t kUdpMax = 512;       // without EDNS0, RFC 1035 §2.3.4
constexpr size_t kUdpEdnsMax = 1232;  // what fits every path unfragmented
constexpr size_t kTcpMax = 65535;
constexpr size_t kRecordsMax = 4096;  // in one message

// Other values occur and are kept: these are only the named ones.
enum class Type : uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  soa = 6,
  ptr = 12,
  mx = 15,
  txt = 16,
  aaaa = 28,
  srv = 33,
  opt = 41,
  tlsa = 52,
  any = 255,
};
std::string to_text(Type type);  // "MX", or "TYPE65" (RFC 3597 §5)
std::optional<Type> parse_type(std::string_view text);

enum class Rcode : uint8_t {
  no_error = 0,
  form_err = 1,
  serv_fail = 2,
  nx_domain = 3,
  not_imp = 4,
  refused = 5
};
std::string to_text(Rcode rcode);

constexpr uint16_t kClassIn = 1;

struct Question {
  std::string name;  // canonical
  Type type = Type::a;
  uint16_t dns_class = kClassIn;
  bool operator==(const Question&) const = default;
};

struct Record {
  std::string name;  // canonical
  Type type = Type::a;
  uint16_t dns_class = kClassIn;
  uint32_t ttl = 0;   // seconds
  std::string rdata;  // wire form; the names in it are not compressed
  bool operator==(const Record&) const = default;
};

struct Edns {  // RFC 6891
  uint16_t udp_size = kUdpEdnsMax;
  bool dnssec_ok = false;
  bool operator==(const Edns&) const = default;
};

struct Message {
  uint16_t id = 0;
  bool response = false;
  uint8_t opcode = 0;
  bool authoritative = false;
  bool truncated = false;
  bool recursion_desired = false;
  bool recursion_available = false;
  bool authentic_data = false;
  bool checking_disabled = false;
  Rcode rcode = Rcode::no_error;
  std::vector<Question> questions;
  std::vector<Record> answers;
  std::vector<Record> authority;
  std::vector<Record> additional;  // without OPT
  std::optional<Edns> edns;
  bool operator==(const Message&) const = default;
};

enum class DecodeError { truncated, bad_name, bad_rdata, too_many_records, trailing_bytes };

// Names inside the rdata of the RFC 1035 types and SRV come out uncompressed.
std::expected<Message, DecodeError> decode(std::string_view bytes);

// Owner names are compressed against earlier ones. If the result would be
// longer than max_octets: the header, question and OPT alone, with TC set
// (RFC 2181 §9).
std::string encode(const Message& message, size_t max_octets = kTcpMax);

}  // namespace pabal::proto::dns

#include "proto/dns/message.h"

#include <array>
#include <map>

#include "base/bytes.h"
#include "base/verify.h"
#include "proto/dns/wire.h"

namespace pabal::proto::dns {

namespace {

struct NamedType {
  Type type;
  std::string_view name;
};
constexpr NamedType kTypes[] = {
    {Type::a, "A"},     {Type::ns, "NS"},   {Type::cname, "CNAME"}, {Type::soa, "SOA"},
    {Type::ptr, "PTR"}, {Type::mx, "MX"},   {Type::txt, "TXT"},     {Type::aaaa, "AAAA"},
    {Type::srv, "SRV"}, {Type::opt, "OPT"}, {Type::tlsa, "TLSA"},   {Type::any, "ANY"},
};

constexpr uint16_t kResponseBit = 0x8000;
constexpr uint16_t kAuthoritativeBit = 0x0400;
constexpr uint16_t kTruncatedBit = 0x0200;
constexpr uint16_t kRecursionDesiredBit = 0x0100;
constexpr uint16_t kRecursionAvailableBit = 0x0080;
constexpr uint16_t kAuthenticDataBit = 0x0020;
constexpr uint16_t kCheckingDisabledBit = 0x0010;
constexpr uint32_t kDnssecOkBit = 0x8000;  // in the TTL of OPT, RFC 6891 §6.1.3

uint16_t flags_of(const Message& m) {
  unsigned flags = static_cast<unsigned>(m.opcode & 15) << 11 | (static_cast<unsigned>(m.rcode) & 15);
  if (m.response) flags |= kResponseBit;
  if (m.authoritative) flags |= kAuthoritativeBit;
  if (m.truncated) flags |= kTruncatedBit;
  if (m.recursion_desired) flags |= kRecursionDesiredBit;
  if (m.recursion_available) flags |= kRecursionAvailableBit;
  if (m.authentic_data) flags |= kAuthenticDataBit;
  if (m.checking_disabled) flags |= kCheckingDisabledBit;
  return static_cast<uint16_t>(flags);
}

void set_flags(Message& m, uint16_t flags) {
  m.response = flags & kResponseBit;
  m.opcode = flags >> 11 & 15;
  m.authoritative = flags & kAuthoritativeBit;
  m.truncated = flags & kTruncatedBit;
  m.recursion_desired = flags & kRecursionDesiredBit;
  m.recursion_available = flags & kRecursionAvailableBit;
  m.authentic_data = flags & kAuthenticDataBit;
  m.checking_disabled = flags & kCheckingDisabledBit;
  m.rcode = static_cast<Rcode>(flags & 15);
}

// How many octets of plain data stand before and how many names follow in the
// rdata, for the types in which names may be compressed; RFC 1035 §3.3, and
// SRV because some servers do so against RFC 2782.
struct RdataShape {
  size_t octets_before = 0;
  int names = 0;
  size_t octets_after = 0;
};
RdataShape shape_of(Type type) {
  switch (type) {
    case Type::ns:
    case Type::cname:
    case Type::ptr:
      return {0, 1, 0};
    case Type::mx:
      return {2, 1, 0};
    case Type::srv:
      return {6, 1, 0};
    case Type::soa:
      return {0, 2, 20};
    default:
      return {};
  }
}

// The rdata that stands in the next `length` octets, its names uncompressed.
std::optional<std::string> take_rdata(Cursor& cursor, std::string_view bytes, Type type, size_t length) {
  size_t end = cursor.at() + length;
  if (end > bytes.size()) return std::nullopt;
  RdataShape shape = shape_of(type);
  if (shape.names == 0) return std::string(cursor.take(length));
  Cursor inside(bytes.substr(0, end), cursor.at(), Compression::allowed);
  std::string rdata(inside.take(shape.octets_before));
  for (int i = 0; i < shape.names; ++i) {
    std::string name = inside.name();
    if (!inside.ok()) return std::nullopt;
    rdata += encode_name(name);
  }
  rdata += inside.take(shape.octets_after);
  if (!inside.at_end()) return std::nullopt;
  cursor.take(length);
  return rdata;
}

std::expected<Record, DecodeError> take_record(Cursor& cursor, std::string_view bytes) {
  Record record;
  record.name = cursor.name();
  if (!cursor.ok()) return std::unexpected(DecodeError::bad_name);
  record.type = static_cast<Type>(cursor.u16());
  record.dns_class = cursor.u16();
  record.ttl = cursor.u32();
  size_t length = cursor.u16();
  if (!cursor.ok()) return std::unexpected(DecodeError::truncated);
  auto rdata = take_rdata(cursor, bytes, record.type, length);
  if (!rdata) return std::unexpected(DecodeError::bad_rdata);
  record.rdata = *std::move(rdata);
  return record;
}

class Encoder {
 public:
  void header(const Message& m, bool with_records) {
    put16(out_, m.id);
    put16(out_, flags_of(m));
    put16(out_, static_cast<uint16_t>(m.questions.size()));
    put16(out_, static_cast<uint16_t>(with_records ? m.answers.size() : 0));
    put16(out_, static_cast<uint16_t>(with_records ? m.authority.size() : 0));
    put16(out_, static_cast<uint16_t>((with_records ? m.additional.size() : 0) + (m.edns ? 1 : 0)));
    for (const Question& question : m.questions) {
      name(question.name);
      put16(out_, static_cast<uint16_t>(question.type));
      put16(out_, question.dns_class);
    }
  }
  void record(const Record& r) {
    name(r.name);
    put16(out_, static_cast<uint16_t>(r.type));
    put16(out_, r.dns_class);
    put32(out_, r.ttl);
    verify(r.rdata.size() <= UINT16_MAX, "rdata fits its length field");
    put16(out_, static_cast<uint16_t>(r.rdata.size()));
    out_ += r.rdata;
  }
  void opt(const Edns& edns) {
    out_ += '\0';
    put16(out_, static_cast<uint16_t>(Type::opt));
    put16(out_, edns.udp_size);
    put32(out_, edns.dnssec_ok ? kDnssecOkBit : 0);
    put16(out_, 0);
  }
  std::string take() { return std::move(out_); }

 private:
  void name(std::string_view full) {
    std::string_view rest = full;
    while (!rest.empty()) {
      if (auto known = known_.find(rest); known != known_.end()) {
        put16(out_, static_cast<uint16_t>(0xC000 | known->second));
        return;
      }
      // Only 14 bits are there for the offset.
      if (out_.size() < 0x4000) known_.emplace(std::string(rest), static_cast<uint16_t>(out_.size()));
      std::string_view up = parent(rest);
      std::string_view label = rest.substr(0, rest.size() - up.size() - (up.empty() ? 0 : 1));
      std::string encoded = encode_name(label);
      out_.append(encoded, 0, encoded.size() - 1);
      rest = up;
    }
    out_ += '\0';
  }

  std::string out_;
  std::map<std::string, uint16_t, std::less<>> known_;
};

}  // namespace

std::string to_text(Type type) {
  for (const NamedType& named : kTypes)
    if (named.type == type) return std::string(named.name);
  return "TYPE" + std::to_string(static_cast<unsigned>(type));
}

std::optional<Type> parse_type(std::string_view text) {
  for (const NamedType& named : kTypes)
    if (iequals(text, named.name)) return named.type;
  if (!istarts_with(text, "TYPE")) return std::nullopt;
  auto number = parse_uint(text.substr(4));
  if (!number || *number > UINT16_MAX) return std::nullopt;
  return static_cast<Type>(*number);
}

std::string to_text(Rcode rcode) {
  switch (rcode) {
    case Rcode::no_error:
      return "NOERROR";
    case Rcode::form_err:
      return "FORMERR";
    case Rcode::serv_fail:
      return "SERVFAIL";
    case Rcode::nx_domain:
      return "NXDOMAIN";
    case Rcode::not_imp:
      return "NOTIMP";
    case Rcode::refused:
      return "REFUSED";
  }
  return "RCODE" + std::to_string(static_cast<unsigned>(rcode));
}

std::expected<Message, DecodeError> decode(std::string_view bytes) {
  if (bytes.size() > kTcpMax) return std::unexpected(DecodeError::too_many_records);
  Cursor cursor(bytes, 0, Compression::allowed);
  Message m;
  m.id = cursor.u16();
  set_flags(m, cursor.u16());
  size_t questions = cursor.u16();
  std::array<size_t, 3> counts = {cursor.u16(), cursor.u16(), cursor.u16()};
  if (!cursor.ok()) return std::unexpected(DecodeError::truncated);
  if (questions + counts[0] + counts[1] + counts[2] > kRecordsMax)
    return std::unexpected(DecodeError::too_many_records);

  for (size_t i = 0; i < questions; ++i) {
    Question question;
    question.name = cursor.name();
    if (!cursor.ok()) return std::unexpected(DecodeError::bad_name);
    question.type = static_cast<Type>(cursor.u16());
    question.dns_class = cursor.u16();
    if (!cursor.ok()) return std::unexpected(DecodeError::truncated);
    m.questions.push_back(std::move(question));
  }
  std::array<std::vector<Record>*, 3> sections = {&m.answers, &m.authority, &m.additional};
  for (size_t section = 0; section < sections.size(); ++section) {
    for (size_t i = 0; i < counts[section]; ++i) {
      auto record = take_record(cursor, bytes);
      if (!record) return std::unexpected(record.error());
      if (record->type == Type::opt && sections[section] == &m.additional) {
        // RFC 6891 §6.1.1: at most one, and at the root.
        if (m.edns || !record->name.empty()) return std::unexpected(DecodeError::bad_rdata);
        m.edns = Edns{record->dns_class, (record->ttl & kDnssecOkBit) != 0};
        continue;
      }
      sections[section]->push_back(*std::move(record));
    }
  }
  if (!cursor.at_end()) return std::unexpected(DecodeError::trailing_bytes);
  return m;
}

std::string encode(const Message& message, size_t max_octets) {
  Encoder whole;
  whole.header(message, true);
  for (const Record& record : message.answers) whole.record(record);
  for (const Record& record : message.authority) whole.record(record);
  for (const Record& record : message.additional) whole.record(record);
  if (message.edns) whole.opt(*message.edns);
  std::string bytes = whole.take();
  if (bytes.size() <= max_octets) return bytes;

  Message cut = message;
  cut.truncated = true;
  Encoder short_form;
  short_form.header(cut, false);
  if (cut.edns) short_form.opt(*cut.edns);
  return short_form.take();
}

}  // namespace pabal::proto::dns

// One line of a zone file → Record (RFC 1035 §5.1, absolute names only).
#include "base/bytes.h"
#include "proto/dns/rdata.h"
#include "proto/dns/wire.h"
#include "proto/dns/zone.h"

namespace pabal::proto::dns {

namespace {

using Rdata = std::expected<std::string, std::string>;

constexpr uint32_t kDefaultTtl = 300;  // seconds

struct Word {
  std::string text;
  bool quoted = false;
};

// Words between blanks; a quoted one may contain blanks and ';'. Backslash
// escapes are resolved only inside quotes: names keep theirs.
std::optional<std::vector<Word>> words(std::string_view line) {
  std::vector<Word> out;
  for (size_t i = 0; i < line.size();) {
    if (is_wsp(line[i])) {
      ++i;
    } else if (line[i] == ';') {
      break;
    } else if (line[i] == '"') {
      Word word{"", true};
      for (++i; i < line.size() && line[i] != '"'; ++i) {
        if (line[i] == '\\' && i + 1 < line.size()) ++i;
        word.text += line[i];
      }
      if (i++ >= line.size()) return std::nullopt;
      out.push_back(std::move(word));
    } else {
      size_t end = std::min(line.find_first_of(" \t;", i), line.size());
      out.push_back({std::string(line.substr(i, end - i)), false});
      i = end;
    }
  }
  return out;
}

std::unexpected<std::string> wrong(std::string text) {
  return std::unexpected(std::move(text));
}

std::optional<uint32_t> number(std::string_view text, uint32_t max) {
  auto value = parse_uint(text);
  return value && *value <= max ? std::optional(static_cast<uint32_t>(*value)) : std::nullopt;
}

Rdata name_rdata(const std::vector<Word>& words) {
  auto name = words.size() == 1 ? normalize_name(words[0].text) : std::nullopt;
  if (!name) return wrong("one name is wanted");
  return make_name_rdata(*name);
}

Rdata mx_rdata(const std::vector<Word>& words) {
  auto preference = words.size() == 2 ? number(words[0].text, UINT16_MAX) : std::nullopt;
  auto host = words.size() == 2 ? normalize_name(words[1].text) : std::nullopt;
  if (!preference || !host) return wrong("MX wants a preference and a host: 10 mx.example.org.");
  return make_mx({static_cast<uint16_t>(*preference), *host});
}

Rdata srv_rdata(const std::vector<Word>& words) {
  if (words.size() != 4) return wrong("SRV wants priority, weight, port and host");
  auto priority = number(words[0].text, UINT16_MAX);
  auto weight = number(words[1].text, UINT16_MAX);
  auto port = number(words[2].text, UINT16_MAX);
  auto host = normalize_name(words[3].text);
  if (!priority || !weight || !port || !host) return wrong("SRV wants priority, weight, port and host");
  return make_srv({static_cast<uint16_t>(*priority), static_cast<uint16_t>(*weight),
                   static_cast<uint16_t>(*port), *host});
}

Rdata soa_rdata(const std::vector<Word>& words) {
  auto primary = words.size() == 7 ? normalize_name(words[0].text) : std::nullopt;
  auto mailbox = words.size() == 7 ? normalize_name(words[1].text) : std::nullopt;
  if (!primary || !mailbox) return wrong("SOA wants two names and five numbers");
  std::array<uint32_t, 5> values;
  for (size_t i = 0; i < values.size(); ++i) {
    auto value = number(words[i + 2].text, UINT32_MAX);
    if (!value) return wrong("SOA wants two names and five numbers");
    values[i] = *value;
  }
  return make_soa({*primary, *mailbox, values[0], values[1], values[2], values[3], values[4]});
}

// TLSA (RFC 6698 §2.2): three octets as numbers, then hexadecimal.
Rdata tlsa_rdata(const std::vector<Word>& words) {
  if (words.size() < 4) return wrong("TLSA wants three numbers and hexadecimal data");
  std::string rdata;
  std::string hex;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i >= 3) {
      hex += words[i].text;
      continue;
    }
    auto value = number(words[i].text, UINT8_MAX);
    if (!value) return wrong("TLSA wants three numbers and hexadecimal data");
    rdata += static_cast<char>(*value);
  }
  auto data = from_hex(hex);
  if (!data) return wrong("TLSA wants three numbers and hexadecimal data");
  return rdata + *data;
}

// "\# 2 abcd" (RFC 3597 §5)
Rdata generic_rdata(const std::vector<Word>& words) {
  std::string hex;
  for (size_t i = 2; i < words.size(); ++i) hex += words[i].text;
  auto data = from_hex(hex);
  if (words.size() < 2 || words[0].text != "\\#" || !data ||
      number(words[1].text, UINT16_MAX) != data->size())
    return wrong("this type is written \\# LENGTH HEX");
  return *data;
}

Rdata rdata_of(Type type, const std::vector<Word>& words) {
  if (!words.empty() && words[0].text == "\\#" && !words[0].quoted) return generic_rdata(words);
  switch (type) {
    case Type::a: {
      auto address = words.size() == 1 ? parse_ipv4(words[0].text) : std::nullopt;
      if (!address) return wrong("A wants an IPv4 address");
      return make_a(*address);
    }
    case Type::aaaa: {
      auto address = words.size() == 1 ? parse_ipv6(words[0].text) : std::nullopt;
      if (!address) return wrong("AAAA wants an IPv6 address");
      return make_aaaa(*address);
    }
    case Type::ns:
    case Type::cname:
    case Type::ptr:
      return name_rdata(words);
    case Type::mx:
      return mx_rdata(words);
    case Type::srv:
      return srv_rdata(words);
    case Type::soa:
      return soa_rdata(words);
    case Type::tlsa:
      return tlsa_rdata(words);
    case Type::txt: {
      if (words.empty()) return wrong("TXT wants text");
      std::vector<std::string> strings;
      for (const Word& word : words) strings.push_back(word.text);
      return make_txt(strings);
    }
    default:
      return generic_rdata(words);
  }
}

// The names inside must be well-formed, also when they came as \# hex.
bool has_sound_names(Type type, std::string_view rdata) {
  switch (type) {
    case Type::ns:
    case Type::cname:
    case Type::ptr:
      return parse_name_rdata(rdata).has_value();
    case Type::mx:
      return parse_mx(rdata).has_value();
    case Type::srv:
      return parse_srv(rdata).has_value();
    case Type::soa:
      return parse_soa(rdata).has_value();
    default:
      return rdata.size() <= UINT16_MAX;
  }
}

}  // namespace

std::expected<Record, std::string> parse_record(std::string_view line) {
  auto all = words(trim(line));
  if (!all) return wrong("a quote is not closed");
  if (all->size() < 3) return wrong("a record is written NAME [TTL] [IN] TYPE DATA");
  auto name = normalize_name((*all)[0].text);
  if (!name) return wrong("not a domain name: " + printable((*all)[0].text, 80));

  Record record{.name = *name, .ttl = kDefaultTtl};
  size_t at = 1;
  if (auto ttl = number((*all)[at].text, INT32_MAX)) {
    record.ttl = *ttl;
    ++at;
  }
  if (at < all->size() && iequals((*all)[at].text, "IN")) ++at;
  auto type = at < all->size() ? parse_type((*all)[at].text) : std::nullopt;
  if (!type || *type == Type::any || *type == Type::opt)
    return wrong("a record type is missing or not known");
  record.type = *type;
  all->erase(all->begin(), all->begin() + static_cast<std::ptrdiff_t>(at + 1));
  auto rdata = rdata_of(*type, *all);
  if (!rdata) return wrong(rdata.error());
  if (!has_sound_names(*type, *rdata)) return wrong("the data is malformed for its type");
  record.rdata = *std::move(rdata);
  return record;
}

}  // namespace pabal::proto::dns

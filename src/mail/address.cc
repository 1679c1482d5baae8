#include "mail/address.h"

#include <algorithm>
#include <idn2.h>

#include "base/bytes.h"
#include "mail/precis.h"

namespace pabal::mail {
namespace {

bool is_atext(char c, bool allow_utf8) {
  if (static_cast<unsigned char>(c) >= 0x80) return allow_utf8;
  return is_alnum(c) || (c != 0 && std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos);
}

bool is_ldh_label(std::string_view label) {
  if (label.empty() || label.size() > domain_label_octets_max) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(), [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
}

// Why it is no domain; "" if it is one.
std::string domain_fault(std::string_view text, bool allow_utf8) {
  if (text.empty()) return "the domain is missing";
  if (text.size() > domain_octets_max) return "the domain is longer than 255 octets";
  if (!is_ascii(text)) {
    if (!allow_utf8) return "the domain is not ASCII";
    if (!to_ascii_domain(text)) return "the domain is no valid internationalized name";
    return {};
  }
  for (std::string_view label : split(text, '.')) {
    if (label.empty()) return "the domain has an empty label";
    if (label.size() > domain_label_octets_max) return "a label of the domain is longer than 63 octets";
    if (!is_ldh_label(label)) return "the domain has a character that is not allowed there";
  }
  return {};
}

// Appends the quoted string at the front of text to `out`; how much it took.
std::expected<size_t, std::string> read_quoted(std::string_view text, bool allow_utf8, std::string& out) {
  for (size_t i = 1; i < text.size(); ++i) {
    char c = text[i];
    if (c == '"') return i + 1;
    if (c == '\\' && ++i < text.size()) c = text[i];
    bool control = (c >= 0 && c < 32) || c == 127;
    if (control) return std::unexpected("the local part has a control character");
    if (static_cast<unsigned char>(c) >= 0x80 && !allow_utf8) {
      return std::unexpected("the local part is not ASCII");
    }
    out += c;
  }
  return std::unexpected("the quoted local part has no end");
}

// Words between dots, any of them missing, up to the '@'; how much it took.
std::expected<size_t, std::string> read_local_part(std::string_view text, bool allow_utf8, std::string& out) {
  size_t at = 0;
  bool word_begins = true;
  while (at < text.size() && text[at] != '@') {
    if (text[at] == '"' && word_begins) {
      auto taken = read_quoted(text.substr(at), allow_utf8, out);
      if (!taken) return taken;
      at += *taken;
      if (at < text.size() && text[at] != '@' && text[at] != '.')
        return std::unexpected("there is no @ behind the quoted local part");
      continue;
    }
    char c = text[at++];
    word_begins = c == '.';
    if (!word_begins && !is_atext(c, allow_utf8))
      return std::unexpected("the local part has a character that is not allowed there");
    out += c;
  }
  if (at == text.size()) return std::unexpected("there is no @");
  if (at == 0) return std::unexpected("the local part is missing");
  return at;
}

// Snum of RFC 5321 §4.1.3: up to three digits, zeros in front too.
bool is_ipv4(std::string_view text) {
  std::vector<std::string_view> numbers = split(text, '.');
  return numbers.size() == 4 && std::ranges::all_of(numbers, [](std::string_view number) {
           auto value = parse_uint(number);
           return value && number.size() <= 3 && *value <= 255;
         });
}

// The number of groups of 16 bits between colons, the last two as an IPv4 address
// if it may; -1 if it is something else.
int ipv6_groups(std::string_view text, bool may_end_in_ipv4) {
  if (text.empty()) return 0;
  std::vector<std::string_view> groups = split(text, ':');
  int count = 0;
  for (size_t i = 0; i < groups.size(); ++i) {
    if (may_end_in_ipv4 && i + 1 == groups.size() && is_ipv4(groups[i])) return count + 2;
    bool hex = !groups[i].empty() && groups[i].size() <= 4 && std::ranges::all_of(groups[i], [](char c) {
      return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'f');
    });
    if (!hex) return -1;
    ++count;
  }
  return count;
}

bool is_ipv6(std::string_view text) {
  size_t gap = text.find("::");
  if (gap == std::string_view::npos) return ipv6_groups(text, true) == 8;
  if (text.find("::", gap + 1) != std::string_view::npos) return false;
  int before = ipv6_groups(text.substr(0, gap), false);
  int behind = ipv6_groups(text.substr(gap + 2), true);
  return before >= 0 && behind >= 0 && before + behind <= 6;
}

// "[010.0.0.1]" as others read it: "[10.0.0.1]"; zeros in front would make it octal to some.
std::string plain_literal(std::string_view literal) {
  std::string out;
  size_t dotted = literal.find_last_of("[:") + 1;
  for (size_t i = 0; i < literal.size(); ++i) {
    bool number_begins = i >= dotted && (i == dotted || literal[i - 1] == '.');
    bool in_ipv4 = literal.find('.') != std::string_view::npos;
    if (in_ipv4 && number_begins) {
      while (literal[i] == '0' && is_digit(literal[i + 1])) ++i;
    }
    out += literal[i];
  }
  return out;
}

}  // namespace

bool is_dot_string(std::string_view text, bool allow_utf8) {
  if (text.empty() || text.front() == '.' || text.back() == '.') return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '.' ? text[i - 1] == '.' : !is_atext(text[i], allow_utf8)) return false;
  }
  return true;
}

bool is_address_literal(std::string_view text) {
  if (text.size() < 3 || text.front() != '[' || text.back() != ']') return false;
  std::string_view inner = text.substr(1, text.size() - 2);
  return istarts_with(inner, "IPv6:") ? is_ipv6(inner.substr(5)) : is_ipv4(inner);
}

bool is_domain(std::string_view text, bool allow_utf8) {
  return domain_fault(text, allow_utf8).empty();
}

std::optional<std::string> to_ascii_domain(std::string_view domain) {
  if (domain.empty() || domain.size() > domain_octets_max * 4) return std::nullopt;
  if (is_ascii(domain)) {
    if (!is_address_literal(domain) && !is_domain(domain, false)) return std::nullopt;
    return to_lower(domain);
  }
  if (!is_utf8(domain) || domain.find('\0') != std::string_view::npos) return std::nullopt;
  uint8_t* out = nullptr;
  std::string name(domain);
  int rc = idn2_lookup_u8(reinterpret_cast<const uint8_t*>(name.c_str()), &out,
                          IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  if (rc != IDN2_OK) return std::nullopt;
  std::string ascii = to_lower(reinterpret_cast<const char*>(out));
  idn2_free(out);
  if (!is_domain(ascii, false)) return std::nullopt;
  return ascii;
}

std::string to_unicode_domain(std::string_view domain) {
  std::string name(domain);
  if (name.find("xn--") == std::string::npos || name.find('\0') != std::string::npos) return name;
  char* out = nullptr;
  if (idn2_to_unicode_8z8z(name.c_str(), &out, 0) != IDN2_OK) return name;
  std::string unicode(out);
  idn2_free(out);
  return unicode;
}

std::string to_string(const Address& address) {
  std::string out;
  if (is_dot_string(address.local, true)) {
    out = address.local;
  } else {
    out = '"';
    for (char c : address.local) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  return out + '@' + address.domain;
}

bool same_mailbox(const Address& a, const Address& b) {
  if (fold_name(a.local) != fold_name(b.local)) return false;
  if (iequals(a.domain, b.domain)) return true;
  auto left = to_ascii_domain(a.domain), right = to_ascii_domain(b.domain);
  return left && right && *left == *right;
}

std::expected<Address, std::string> parse_address(std::string_view text, bool allow_utf8) {
  const std::string too_long = "the address is longer than " + std::to_string(address_octets_max) + " octets";
  if (text.size() > 2 * address_octets_max) return std::unexpected(too_long);  // before any work
  if (!is_ascii(text)) {
    if (!allow_utf8) return std::unexpected("the address is not ASCII");
    if (!is_utf8(text)) return std::unexpected("the address is not UTF-8");
  }
  Address address;
  auto local_octets = read_local_part(text, allow_utf8, address.local);
  if (!local_octets) return std::unexpected(local_octets.error());

  std::string_view domain = text.substr(*local_octets + 1);
  if (domain.starts_with('[')) {
    if (!is_address_literal(domain)) return std::unexpected("the address literal is no IP address");
    address.domain = plain_literal(domain);
  } else {
    if (domain.size() > 1 && domain.ends_with('.')) domain.remove_suffix(1);
    if (std::string fault = domain_fault(domain, allow_utf8); !fault.empty()) return std::unexpected(fault);
    address.domain = to_lower(domain);
  }
  // As it will be written: quotes may have to be added.
  if (to_string(address).size() > address_octets_max) return std::unexpected(too_long);
  return address;
}

}  // namespace pabal::mail

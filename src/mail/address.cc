#include "mail/address.h"

#include <algorithm>
#include <arpa/inet.h>
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

// Reads the quoted local part at the front of text; `length` is how much it took.
std::expected<std::string, std::string> read_quoted(std::string_view text, bool allow_utf8, size_t& length) {
  std::string out;
  for (size_t i = 1; i < text.size(); ++i) {
    char c = text[i];
    if (c == '"') {
      length = i + 1;
      return out;
    }
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
  std::string inner(text.substr(1, text.size() - 2));
  if (inner.find('\0') != std::string::npos) return false;
  unsigned char address[16];
  if (istarts_with(inner, "IPv6:")) return inet_pton(AF_INET6, inner.c_str() + 5, address) == 1;
  return inet_pton(AF_INET, inner.c_str(), address) == 1;
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
  if (text.size() > address_octets_max) return std::unexpected("the address is longer than 254 octets");
  if (!is_ascii(text)) {
    if (!allow_utf8) return std::unexpected("the address is not ASCII");
    if (!is_utf8(text)) return std::unexpected("the address is not UTF-8");
  }
  Address address;
  size_t local_octets = 0;
  if (text.starts_with('"')) {
    auto quoted = read_quoted(text, allow_utf8, local_octets);
    if (!quoted) return std::unexpected(quoted.error());
    address.local = *quoted;
    if (local_octets >= text.size() || text[local_octets] != '@') {
      return std::unexpected("there is no @ behind the quoted local part");
    }
  } else {
    local_octets = text.find('@');
    if (local_octets == std::string_view::npos) return std::unexpected("there is no @");
    address.local = text.substr(0, local_octets);
    if (!address.local.empty() && !is_dot_string(address.local, allow_utf8)) {
      return std::unexpected("the local part has a character or a dot that is not allowed there");
    }
  }
  if (address.local.empty()) return std::unexpected("the local part is missing");
  if (local_octets > local_part_octets_max) return std::unexpected("the local part is longer than 64 octets");

  std::string_view domain = text.substr(local_octets + 1);
  if (domain.starts_with('[')) {
    if (!is_address_literal(domain)) return std::unexpected("the address literal is no IP address");
    address.domain = domain;
    return address;
  }
  if (std::string fault = domain_fault(domain, allow_utf8); !fault.empty()) return std::unexpected(fault);
  address.domain = to_lower(domain);
  return address;
}

}  // namespace pabal::mail

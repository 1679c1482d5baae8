// Address: local-part@domain as the envelope, config and people write it
// (RFC 5321 §4.1.2, RFC 6531 §3.3). What stands in header fields is freer and
// lives in address_list.h.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace pabal::mail {

// RFC 5321 §4.5.3.1 asks for no limits where it can be had: SRS, VERP and what
// forwards at Gmail make local parts far above the 64 octets that everybody must
// take. With any field's name before it, such an address still fits a line of
// 998 octets (RFC 5322 §2.1.1).
inline constexpr size_t address_octets_max = 900;
inline constexpr size_t domain_octets_max = 255;       // RFC 5321 §4.5.3.1.2
inline constexpr size_t domain_label_octets_max = 63;  // RFC 1035 §2.3.4

struct Address {
  // Unquoted: `john doe`, not `"john doe"`; case as given; may be empty (`""@x`).
  std::string local;
  // ASCII letters lower-cased, no dot at its end; a U-label stays one;
  // "[192.0.2.1]" for a literal.
  std::string domain;

  bool operator==(const Address&) const = default;
};

// The form for the wire (RFC 5321 §4.1.2): quotes the local part where it is no
// Dot-string, so that what was read in one of the forms below goes on as a valid one.
std::string to_string(const Address& address);

// True if both name one mailbox as we see it: domains equal in their ASCII form,
// local parts equal when folded (precis.h).
bool same_mailbox(const Address& a, const Address& b);

// An addr-spec: Dot-string or Quoted-string, '@', domain or address literal, and
// nothing else: no brackets, comments, source route or spaces. Beyond that grammar
// it takes what is in use: dots anywhere in the local part ("a..b", ".a", "a.":
// phones in Japan), quoted strings among its words (obs-local-part, RFC 5322 §4.4),
// a dot behind the domain. The error is one clause fit for a reply ("the domain has
// an empty label"). allow_utf8: RFC 6531.
std::expected<Address, std::string> parse_address(std::string_view text, bool allow_utf8);

// True for a syntactically right domain: labels of letters, digits and inner
// hyphens (underscores are let pass, hosts with them exist); U-labels if allowed.
bool is_domain(std::string_view text, bool allow_utf8);

// True for "[192.0.2.1]" and "[IPv6:2001:db8::1]" (RFC 5321 §4.1.3, where "::"
// stands for two groups at least). No other tag is registered.
bool is_address_literal(std::string_view text);

// True for a Dot-string (RFC 5321 §4.1.2), which needs no quotes.
bool is_dot_string(std::string_view text, bool allow_utf8);

// A-labels, lower case (UTS 46 non-transitional); nullopt if the name has no
// ASCII form. An address literal and an ASCII name come back lower-cased.
std::optional<std::string> to_ascii_domain(std::string_view domain);

// U-labels where they can be had; otherwise the name as it is.
std::string to_unicode_domain(std::string_view domain);

}  // namespace pabal::mail

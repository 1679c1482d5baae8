// Reverse-path and forward-path of an SMTP envelope (RFC 5321 §4.1.2).
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "mail/address.h"
#include "proto/smtp/syntax_error.h"

namespace pabal::proto::smtp {

// Where failure notices go; null ("<>") for mail that must never cause one
// (RFC 5321 §4.5.5).
struct ReversePath {
  std::optional<mail::Address> address;

  bool is_null() const { return !address.has_value(); }
  // "a@b", or "" for the null path.
  std::string to_text() const;
  bool operator==(const ReversePath&) const = default;
};

// The text of a path without angle brackets: "a@b"; the local-part alone when
// the domain is empty; the local-part is quoted when it has to be.
std::string path_text(const mail::Address& address);

// Reads "<...>" at the beginning of text and advances text past it. A source
// route ("<@a,@b:u@d>") is accepted and ignored (RFC 5321 Appendix C). Scanners and
// scripts leave the angle brackets out, double them, put a name before them, or
// blanks and comments inside: that is taken too. Length is limited by the address's own limit. The
// local-part comes out without its quotes and backslashes; the domain as sent
// (an address literal keeps its brackets), empty if there is none: "<postmaster>" (RFC
// 5321 §4.1.1.3), and what programs of our own network write. utf8: whether SMTPUTF8 addresses
// are allowed (RFC 6531 §3.3); a caller that learns of SMTPUTF8 only from a
// later parameter parses with utf8 and refuses afterwards.
std::expected<ReversePath, SyntaxError> parse_reverse_path(std::string_view& text, bool utf8);

// As above; never null.
std::expected<mail::Address, SyntaxError> parse_forward_path(std::string_view& text, bool utf8);

// True when any octet of the address is above 0x7F: it needs SMTPUTF8.
bool needs_smtputf8(const mail::Address& address);

}  // namespace pabal::proto::smtp

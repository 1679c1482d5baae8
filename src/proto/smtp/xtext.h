// xtext (RFC 3461 §4) and utf-8-addr-xtext / utf-8-addr-unitext (RFC 6533 §3):
// how DSN parameters carry arbitrary text in a command line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pabal::proto::smtp {

// '+' and '=' and everything outside '!'..'~' becomes "+XX".
std::string xtext_encode(std::string_view text);
// nullopt for what xtext does not allow: bare '=', "+" without two upper-case
// hexadecimal digits (lower-case ones are accepted), octets outside '!'..'~'.
std::optional<std::string> xtext_decode(std::string_view xtext);

// "\x{HEX}" for '\\', '+', '=', space, controls and everything above 0x7F:
// the form that passes through a server without SMTPUTF8 (RFC 6533 §3).
std::string utf8_addr_xtext_encode(std::string_view utf8);
// Also reads utf-8-addr-unitext, in which UTF-8 may stand as it is.
std::optional<std::string> utf8_addr_xtext_decode(std::string_view text);

}  // namespace pabal::proto::smtp

// Raw 8-bit text of header fields in lines of 7-bit octets, for servers and clients that
// take no others. Where nobody knows what the text is, its octets survive as they are:
// they become encoded-words of the charset that the message declares, or of
// "unknown-8bit" (RFC 1428 §3), and no guess is ever written down. For this module's own use.
#pragma once

#include <string>
#include <string_view>

namespace pabal::mail {

// The charset to name; "utf-8" where the octets are that.
std::string charset_to_write(std::string_view octets, std::string_view declared);

// Unstructured text: ASCII and encoded-words stay, the rest becomes encoded-words. Not folded.
std::string octets_to_text(std::string_view octets, std::string_view charset);
// The same for a phrase, where only encoded-words stay.
std::string octets_to_phrase(std::string_view octets, std::string_view charset);
// ";\r\n name*=charset''%xx…" as format_parameter writes it.
std::string octets_to_parameter(std::string_view name, std::string_view octets, std::string_view charset);

}  // namespace pabal::mail

// Bytes and ASCII text. Protocol text is compared and folded as ASCII only:
// locale never plays a part (RFC 5321 §2.4).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pabal {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_alnum(char c) {
  return is_digit(c) || is_alpha(c);
}
constexpr bool is_wsp(char c) {
  return c == ' ' || c == '\t';
}
constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
constexpr char to_upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

std::string to_lower(std::string_view s);
std::string to_upper(std::string_view s);

// Equality that ignores ASCII case.
bool iequals(std::string_view a, std::string_view b);
bool istarts_with(std::string_view s, std::string_view prefix);

// Without leading and trailing spaces, tabs, CR and LF.
std::string_view trim(std::string_view s);

// The pieces between separators, empty ones included; at least one piece.
std::vector<std::string_view> split(std::string_view s, char separator);

std::string join(const std::vector<std::string>& pieces, std::string_view separator);

// Decimal digits only, no sign, nothing before or behind; nullopt on overflow.
std::optional<uint64_t> parse_uint(std::string_view s);

std::string to_hex(std::string_view bytes);
std::optional<std::string> from_hex(std::string_view hex);

// True if every byte is below 0x80.
bool is_ascii(std::string_view s);

// True for well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates.
bool is_utf8(std::string_view s);

// Text from outside made fit for one line of a log or a terminal: control
// characters and malformed bytes become \xNN; cut to max_octets with "...".
std::string printable(std::string_view s, size_t max_octets = 512);

}  // namespace pabal

// Which characters do more than to be seen: every place that shows foreign text to
// people, on a terminal, in the log or in JSON, asks here.
#pragma once

#include <cstddef>
#include <string_view>

namespace pabal {

struct Character {
  char32_t value = 0xFFFD;
  size_t octets = 1;
  bool well_formed = false;  // false: one octet that is not UTF-8 (RFC 3629), surrogates among them
};
// `utf8` is not empty. (In bytes.cc, beside is_utf8.)
Character first_character(std::string_view utf8);

// Control codes (C0, DEL, C1: U+009B drives a terminal as ESC [ does), separators of
// lines and paragraphs, and what turns the direction of reading (UAX #9): with U+202E
// "gpj.exe" reads "exe.jpg".
constexpr bool steers_display(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

}  // namespace pabal

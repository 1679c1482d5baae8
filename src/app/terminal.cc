#include "app/terminal.h"

#include <algorithm>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "base/visible.h"

namespace pabal::app {

namespace {

// The next character; U+FFFD where the bytes are not UTF-8.
UChar32 next_character(std::string_view text, size_t& at) {
  UChar32 c;
  int32_t i = 0;
  // ICU counts in 32 bits.
  int32_t left = static_cast<int32_t>(std::min<size_t>(text.size() - at, 8));
  U8_NEXT_OR_FFFD(text.data() + at, i, left, c);
  at += static_cast<size_t>(i);
  return c;
}

void append_character(std::string& out, UChar32 c) {
  uint8_t bytes[U8_MAX_LENGTH];
  int32_t n = 0;
  U8_APPEND_UNSAFE(bytes, n, c);
  out.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(n));
}

size_t width_of(UChar32 c) {
  switch (u_charType(c)) {
    case U_NON_SPACING_MARK:
    case U_ENCLOSING_MARK:
    case U_FORMAT_CHAR:
      return 0;
    default:
      break;
  }
  // Vowels and final consonants of decomposed Hangul join the syllable before.
  int32_t syllable = u_getIntPropertyValue(c, UCHAR_HANGUL_SYLLABLE_TYPE);
  if (syllable == U_HST_VOWEL_JAMO || syllable == U_HST_TRAILING_JAMO) return 0;
  int32_t wide = u_getIntPropertyValue(c, UCHAR_EAST_ASIAN_WIDTH);
  return wide == U_EA_WIDE || wide == U_EA_FULLWIDTH ? 2 : 1;
}

std::string clean(std::string_view text, bool one_line) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    UChar32 c = next_character(text, at);
    if (c == '\r' && at < text.size() && text[at] == '\n') continue;
    if (c == '\n' || c == '\t') {
      out += one_line ? ' ' : static_cast<char>(c);
    } else {
      append_character(out, steers_display(static_cast<char32_t>(c)) ? 0xFFFD : c);
    }
  }
  return out;
}

}  // namespace

std::string terminal_text(std::string_view utf8) {
  return clean(utf8, false);
}

std::string terminal_line(std::string_view utf8) {
  return clean(utf8, true);
}

size_t display_width(std::string_view utf8) {
  size_t width = 0;
  for (size_t at = 0; at < utf8.size();) width += width_of(next_character(utf8, at));
  return width;
}

std::string fit(std::string_view utf8, size_t width) {
  size_t have = display_width(utf8);
  if (have <= width) return std::string(utf8) + std::string(width - have, ' ');
  if (width == 0) return {};
  size_t used = 0;
  size_t at = 0;
  for (size_t next = 0; next < utf8.size(); at = next) {
    size_t cells = width_of(next_character(utf8, next));
    if (used + cells > width - 1) break;
    used += cells;
  }
  return std::string(utf8.substr(0, at)) + "…" + std::string(width - 1 - used, ' ');
}

}  // namespace pabal::app

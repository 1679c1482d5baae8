#include "console/terminal.h"

#include <algorithm>
#include <sys/ioctl.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>
#include <unistd.h>

#include "base/visible.h"

namespace pabal {

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

constexpr size_t kWidthMin = 20;
constexpr size_t kFarApart = 6;
constexpr size_t kIndent = 4;

// Where a line may end: the octets before, and those to skip.
struct Break {
  size_t end = 0, next = 0;
};

// Follows the quotes of a shell: a blank inside them is no place to break.
class Quotes {
 public:
  bool inside(char c) {
    if (open_ != 0) {
      if (c == open_) open_ = 0;
    } else if (c == '\'' || c == '"') {
      open_ = c;
    }
    return open_ != 0;
  }

 private:
  char open_ = 0;
};

// `tail` stands at the end of every line but the last; with one, quotes count.
std::string fold(std::string_view line, size_t width, const std::string& indent, const std::string& tail) {
  std::string out;
  size_t start = 0, used = 0;
  size_t room = width > tail.size() ? width - tail.size() : 1;
  std::optional<Break> blank, wide;
  Quotes quotes;
  bool begun = false;  // something but blanks stands in this line
  for (size_t at = 0; at < line.size();) {
    size_t next = at;
    UChar32 c = next_character(line, next);
    size_t cells = width_of(c);
    bool quoted = !tail.empty() && quotes.inside(line[at]);
    if (c == ' ' && begun && !quoted) {
      size_t end = at;
      while (end > start && line[end - 1] == ' ') --end;
      blank = {end, next};
    }
    bool last = line.size() == next;
    if (used + cells > (last ? width : room) && begun && c != ' ' && (blank || wide)) {
      Break here = blank ? *blank : *wide;
      out += std::string(line.substr(start, here.end - start)) + tail + '\n' + indent;
      start = here.next;
      used = display_width(line.substr(start, at - start));
      blank.reset();
      wide.reset();
      begun = used > 0;
    }
    begun |= c != ' ';
    used += cells;
    at = next;
    if (cells == 2 && tail.empty()) wide = {at, at};
  }
  return out + std::string(line.substr(start));
}

bool is_command(std::string_view text) {
  for (std::string_view program :
       {"pabal ", "sudo ", "curl ", "printf ", "systemctl ", "export ", "telnet "}) {
    if (text.starts_with(program)) return true;
  }
  return false;
}

}  // namespace

std::optional<size_t> terminal_width(int fd) {
  winsize size{};
  if (isatty(fd) == 0 || ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return std::nullopt;
  return std::max<size_t>(size.ws_col, kWidthMin);
}

std::string fold_words(std::string_view line, size_t width, const std::string& indent) {
  if (display_width(line) <= width) return std::string(line);
  return fold(line, width, indent, "");
}

std::string fold_line(std::string_view line, size_t width) {
  if (display_width(line) <= width || line.starts_with('{') || line.starts_with('['))
    return std::string(line);
  size_t first = std::min(line.find_first_not_of(' '), line.size());
  // The last column that leaves at least half of the line.
  size_t column = first;
  for (size_t gap = line.find("  ", first); gap != std::string_view::npos; gap = line.find("  ", column)) {
    size_t text = line.find_first_not_of(' ', gap);
    if (text == std::string_view::npos) break;
    if (display_width(line.substr(0, text)) > width / 2) {
      // Columns that are set far apart: the next one below, a little to the right.
      if (text - gap < kFarApart) break;
      std::string indent(first + kIndent, ' ');
      return std::string(line.substr(0, gap)) + '\n' + indent +
             fold_words(line.substr(text), width - indent.size(), indent);
    }
    column = text;
  }
  size_t cells = display_width(line.substr(0, column));
  bool command = is_command(line.substr(column)) || is_command(line.substr(first));
  if (command) cells += 2;
  if (cells >= width - kWidthMin / 2) cells = 0;
  std::string indent(cells, ' ');
  size_t room = width - std::max(cells, display_width(line.substr(0, column)));
  std::string folded = fold(line.substr(column), room, indent, command ? " \\" : "");
  return std::string(line.substr(0, column)) + folded;
}

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

}  // namespace pabal

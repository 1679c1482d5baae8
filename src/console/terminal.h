// Text from mails made fit for a terminal: nothing in it can move the cursor,
// change colours or turn the reading direction, and columns line up although
// Hangul and Han take two cells (UAX #11).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pabal {

// Several lines: line ends and tabs stay, what else steers the display (base/visible.h)
// becomes U+FFFD.
std::string terminal_text(std::string_view utf8);

// The same as one line: line ends and tabs become spaces.
std::string terminal_line(std::string_view utf8);

// Cells of a terminal line.
size_t display_width(std::string_view utf8);

// Exactly `width` cells: filled with spaces, or cut and ended with "…".
std::string fit(std::string_view utf8, size_t width);

// Columns of the terminal that `fd` is; nullopt if it is none, or tells nothing.
std::optional<size_t> terminal_width(int fd);

// Broken at blanks (in text without blanks between wide characters) so that the
// first line has at most `width` cells, and each further one, which begins with
// `indent`, as many beside it. A word that is longer stays whole.
std::string fold_words(std::string_view line, size_t width, const std::string& indent);

// One line of output at most `width` cells wide: what follows is indented like the
// line, or below its last column (parts with two blanks between them). A shell
// command goes on behind a backslash, so that it can be copied; JSON stays as it is.
std::string fold_line(std::string_view line, size_t width);

}  // namespace pabal

// Text from mails made fit for a terminal: nothing in it can move the cursor,
// change colours or turn the reading direction, and columns line up although
// Hangul and Han take two cells (UAX #11).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pabal::app {

// Several lines: line ends and tabs stay, what else steers the display (base/visible.h)
// becomes U+FFFD.
std::string terminal_text(std::string_view utf8);

// The same as one line: line ends and tabs become spaces.
std::string terminal_line(std::string_view utf8);

// Cells of a terminal line.
size_t display_width(std::string_view utf8);

// Exactly `width` cells: filled with spaces, or cut and ended with "…".
std::string fit(std::string_view utf8, size_t width);

}  // namespace pabal::app

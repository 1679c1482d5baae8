// HTML to plain text for a terminal: enough to read a mail, not a browser.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pabal::mail {

// UTF-8 in and out, lines ended by LF. Scripts, styles and comments are dropped,
// blocks become lines, list items "- ", links "text <url>". Linear; the result has
// at most max_octets.
std::string html_to_text(std::string_view html, size_t max_octets = 4 * 1024 * 1024);

}  // namespace pabal::mail

// Header text as strings in ENVELOPE and BODYSTRUCTURE. For this folder's own use.
#pragma once

#include <string>
#include <string_view>

namespace pabal::proto::imap {

// Unfolded and trimmed, without NUL and bare CR. 8-bit text, in whatever charset it
// is, becomes encoded-words (RFC 2047): strings outside of UTF8=ACCEPT are 7-bit.
void put_header_text(std::string& out, std::string_view raw_value);

// The text itself, not as a string.
std::string seven_bit_text(std::string_view raw_value);

}  // namespace pabal::proto::imap

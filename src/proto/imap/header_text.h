// Header text as strings in ENVELOPE and BODYSTRUCTURE. For this folder's own use.
#pragma once

#include <string>
#include <string_view>

#include "proto/imap/response.h"

namespace pabal::proto::imap {

// Unfolded and trimmed, without NUL and bare CR. UTF-8 becomes encoded-words (RFC 2047)
// in TextForm::seven_bit. What is 8-bit and not UTF-8 (mail::charset_of_raw_text; charset
// is what the message declares) keeps its octets there, in a literal, because nobody
// knows what it is; elsewhere it becomes UTF-8 by that charset or by a guess.
void put_header_text(std::string& out, std::string_view raw_value, std::string_view charset, TextForm form);

// The text itself, not as a string.
std::string header_text(std::string_view raw_value, std::string_view charset, TextForm form);

// Text made for all forms: `make` for one of them.
template <class Make>
std::string all_forms(bool alike, Make make) {
  std::string out = make(TextForm::seven_bit);
  if (alike) return out;
  std::string utf8 = make(TextForm::utf8), rev2 = make(TextForm::rev2);
  bool more = rev2 != utf8;
  if (more || utf8 != out) out.append(1, '\0').append(utf8);
  if (more) out.append(1, '\0').append(rev2);
  return out;
}

}  // namespace pabal::proto::imap

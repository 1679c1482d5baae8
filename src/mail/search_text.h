// Text made fit for searching: NFKC, case folded, so that a search is one for
// octets (RFC 5051 i;unicode-casemap, RFC 9051 §6.4.4).
#pragma once

#include <string>
#include <string_view>

#include "mail/message.h"

namespace pabal::mail {

inline constexpr size_t combining_marks_max = 30;  // behind one character (UAX #15 §12.1)

// NFKC_Casefold; white space of any length becomes one blank, and of a row of combining
// marks those behind combining_marks_max go. UTF-8 in and out; idempotent, linear.
// ASCII goes a short way.
std::string fold_for_search(std::string_view utf8);

inline constexpr size_t sort_key_octets_max = 4'000;  // what differs behind them is equal

// The key by which SORT and THREAD compare (RFC 5256 §2.2, i;unicode-casemap of RFC
// 5051): title case, taken apart; comparing keys is comparing octets. UTF-8, linear.
std::string sort_key(std::string_view utf8);

inline constexpr size_t kSearchTextMax = 1024 * 1024;  // of one message's body text

struct SearchHeader {
  // Every field of the message's head as "name: value\n", encoded-words decoded,
  // folded. Heads of parts are not in it.
  std::string fields;
  // From, To, Cc and Bcc as "from: name <address>, ...\n", folded: what ENVELOPE shows
  // of them (RFC 9051 §6.4.4), without comments, quotes and folds.
  std::string addresses;
};
// charset: declared_charset of the message, for raw 8-bit text.
SearchHeader search_header(std::string_view message, std::string_view charset);
// The text parts (HTML as text), decoded and folded; of the other parts their
// names and the heads of parts. Cut at kSearchTextMax.
std::string search_body(const Part& root, std::string_view message);

// Up to `octets` (whole characters) of what one sees first: for lists (RFC 8970).
std::string preview(const Part& root, std::string_view message, size_t characters = 200);

}  // namespace pabal::mail

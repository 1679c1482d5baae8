// Text made fit for searching: NFKC, case folded, so that a search is one for
// octets (RFC 5051 i;unicode-casemap, RFC 9051 §6.4.4).
#pragma once

#include <string>
#include <string_view>

#include "mail/message.h"

namespace pabal::mail {

// NFKC_Casefold; white space of any length becomes one blank. UTF-8 in and out;
// idempotent. ASCII goes a short way.
std::string fold_for_search(std::string_view utf8);

// The collation key for SORT (RFC 5256 §2.2, i;unicode-casemap): fold_for_search.

inline constexpr size_t kSearchTextMax = 1024 * 1024;  // of one message's body text

// Every field of the message's head as "name: value\n", encoded-words decoded,
// folded. Heads of parts are not in it.
std::string search_header(std::string_view message);
// The text parts (HTML as text), decoded and folded; of the other parts their
// names and the heads of parts. Cut at kSearchTextMax.
std::string search_body(const Part& root, std::string_view message);

// Up to `octets` (whole characters) of what one sees first: for lists (RFC 8970).
std::string preview(const Part& root, std::string_view message, size_t characters = 200);

}  // namespace pabal::mail

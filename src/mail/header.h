// The head of a message or part: fields with their exact places, and the text
// in them (RFC 5322 §2.2, §4.5; RFC 2047; RFC 6532).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pabal::mail {

struct HeaderLimits {
  size_t fields_max = 10'000;
  size_t octets_max = 4 * 1024 * 1024;
};

// Views point into the bytes given to parse_header.
struct Field {
  std::string_view name;       // as written, without spaces before the colon; "" for a line that is no field
  std::string_view raw_value;  // behind the colon, up to but without the last line end; folds inside
  size_t begin = 0;            // octets from the start of what was parsed
  size_t end = 0;              // behind its last line end

  std::string value() const;  // unfolded and trimmed, bytes otherwise as they are
  std::string text(std::string_view fallback_charset = {}) const;  // decode_text of it
};

struct Header {
  std::vector<Field> fields;  // in order
  size_t octets = 0;          // fields with their line ends, without the empty line
  size_t body_begin = 0;      // behind the empty line; the end of input if there is none
  size_t lines = 0;           // line ends in [0, body_begin)
  bool complete = true;       // false: beyond a limit, the fields behind it are missing here

  const Field* find(std::string_view name) const;  // the first; nullptr if none
  std::vector<const Field*> find_all(std::string_view name) const;
  std::string value(std::string_view name) const;  // "" if none
  // "" if none; raw 8-bit by declared_charset of this header alone.
  std::string text(std::string_view name) const;
};

// Reads fields up to the first empty line (CRLF or LF ends a line). A leading mbox
// "From " line is an entry without a name; so is a line without a colon. Never fails.
Header parse_header(std::string_view bytes, const HeaderLimits& limits = {});

// What the Content-Type of this header says; "" if nothing.
std::string declared_charset(const Header& header);

// Removes the line ends of folding (RFC 5322 §2.2.3), nothing else.
std::string unfold(std::string_view raw);

// Unstructured text to UTF-8: encoded-words decoded and neighbours joined
// (RFC 2047 §6.2), also where a character is split over two of them; broken ones, and
// those of an unknown charset that are not UTF-8, stay as they are. Raw 8-bit is what
// charset_of_raw_text (charset.h) says of it and of fallback_charset, which should be
// declared_charset of the message, else a guess. The result is always well-formed UTF-8.
std::string decode_text(std::string_view raw, std::string_view fallback_charset = {});

// UTF-8 text for an unstructured field: ASCII stays, else encoded-words (RFC 2047)
// of at most 75 octets. Folded with CRLF SP so that no line is longer than 76;
// `column` is how much of the first line is already taken ("Subject: " is 9).
std::string encode_text(std::string_view utf8, size_t column);

// The same for a phrase (a display name): bare, a quoted-string or encoded-words,
// unfolded. keep_utf8: non-ASCII stays, in a quoted-string (RFC 6532 §3.2).
std::string encode_phrase(std::string_view utf8, bool keep_utf8 = false);

// Folds at blanks to lines of at most 76 octets where possible (RFC 5322 §2.1.1), CRLF
// between. A word without blanks is cut at 998 only. No CRLF at the end.
std::string fold(std::string_view text, size_t column);

}  // namespace pabal::mail

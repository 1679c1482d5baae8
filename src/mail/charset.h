// Charsets: the text of bytes. charset_names.cc has what names mean, convert.h and
// iso_2022.h convert, charset_guess.h guesses.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pabal::mail {

// Always well-formed UTF-8; what cannot be converted becomes U+FFFD. In a charset that
// nobody knows (empty, us-ascii with 8-bit octets in it, unknown-8bit): UTF-8 if the
// bytes are that, else what they look like.
std::string to_utf8(std::string_view bytes, std::string_view charset);

// How many octets of UTF-8 to keep for at most `octets`: no character loses its end.
size_t cut_at_character(std::string_view utf8, size_t octets);

// False for names that say nothing ("unknown-8bit") as well.
bool is_known_charset(std::string_view charset);
// Both names mean one charset.
bool same_charset(std::string_view a, std::string_view b);

// In what 8-bit octets are that stand raw in a header field, where nothing tells their
// charset (RFC 5322 has none): in the one that the message declares for its text, in
// UTF-8, or in none that is known: "".
//
// A declared charset of several octets per character counts if the bytes are text in it.
// But what is UTF-8 with characters of three octets is nothing else; and in charsets of
// one octet per character everything is text, so that UTF-8 comes before them.
std::string charset_of_raw_text(std::string_view bytes, std::string_view declared);

// Text of 7 bits with the escape sequences of ISO 2022, which nothing else has in mail.
bool is_iso_2022(std::string_view bytes);

// Header text that reads the same whatever charset is declared: ASCII without such
// sequences. Encoded-words say theirs themselves.
bool needs_no_charset(std::string_view header);

// They are UTF-8, by charset_of_raw_text.
bool is_raw_utf8(std::string_view bytes, std::string_view declared);

// Raw text that is going to be taken apart at quotes, commas and backslashes: in UTF-8 if
// it is in a declared charset whose characters hold such octets (Shift_JIS, Big5, GBK),
// else as it is.
std::string raw_text_to_parse(std::string bytes, std::string_view declared);

// to_utf8 by charset_of_raw_text: for showing, searching and sorting only.
std::string raw_text_to_utf8(std::string_view bytes, std::string_view declared);

}  // namespace pabal::mail

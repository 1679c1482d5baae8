// Charsets that switch between sets of characters by escape sequences: ISO-2022-JP and
// its kin (RFC 1468, 1554, 2237), ISO-2022-KR (RFC 1557), ISO-2022-CN (RFC 1922), and
// HZ (RFC 1843). Read by ourselves: ICU takes two sequences without text between them
// for an attack, but they stand wherever two encoded-words meet, each of which has to
// end in ASCII (RFC 2047 §3). For this module's own use.
#pragma once

#include <string>
#include <string_view>

namespace pabal::mail {

// Well-formed UTF-8, U+FFFD for what is no character. Every designation of the family is
// understood under every name of it; `language` ("ja", "ko", "zh") says what SO means
// where none was made.
std::string decode_iso_2022(std::string_view bytes, std::string_view language);

std::string decode_hz(std::string_view bytes);

}  // namespace pabal::mail

// Charsets, by ICU. Korean names mean what is sent under them: euc-kr,
// ks_c_5601-1987, cp949, uhc … are all read as windows-949, their superset.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pabal::mail {

// Always well-formed UTF-8; what cannot be converted becomes U+FFFD. An unknown or
// empty charset: UTF-8 if the bytes are that, else windows-1252.
std::string to_utf8(std::string_view bytes, std::string_view charset);

// nullopt if the charset is unknown or lacks a character.
std::optional<std::string> from_utf8(std::string_view utf8, std::string_view charset);

bool is_known_charset(std::string_view charset);

}  // namespace pabal::mail

// What 8-bit text without a charset looks like. For this module's own use.
#pragma once

#include <string>
#include <string_view>

namespace pabal::mail {

// The name of an ICU converter, or "iso-2022-jp" (iso_2022.h) for text with its escape
// sequences: the charset in which all of the bytes are text and most of it is what
// people write, of those of Korean, Japanese, Chinese and Cyrillic; else windows-1252.
// Looks at the first 4 KiB. A guess, so nothing may be rewritten by it.
std::string guess_charset(std::string_view bytes);

}  // namespace pabal::mail

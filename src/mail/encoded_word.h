// One encoded-word (RFC 2047 §2), found and taken apart. For this module's own use.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pabal::mail {

struct EncodedWord {
  std::string_view charset;  // without the language of RFC 2231 §5
  char encoding = 0;         // 'b' or 'q'
  std::string_view text;
  size_t length = 0;  // of the whole; 0: there is none
};

// The encoded-word that begins at `at`. Spaces in its text are forgiven, '?' is not,
// so that trying every "=?" of a string stays linear.
EncodedWord match_encoded_word(std::string_view s, size_t at);

// Its bytes, in its charset.
std::string decode_encoded_word(const EncodedWord& word);

}  // namespace pabal::mail

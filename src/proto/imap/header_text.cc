#include "proto/imap/header_text.h"

#include <algorithm>

#include "base/bytes.h"
#include "mail/header.h"
#include "proto/imap/response.h"

namespace pabal::proto::imap {
namespace {

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 32 && c < 127; });
}

}  // namespace

std::string seven_bit_text(std::string_view raw_value) {
  std::string text = mail::unfold(trim(raw_value));
  std::erase_if(text, [](char c) { return c == '\0' || c == '\r'; });
  std::replace(text.begin(), text.end(), '\t', ' ');  // some fold with them
  if (is_ascii(text)) return text;
  // encode_text folds between encoded-words, where unfolding leaves the blank.
  return mail::unfold(mail::encode_text(mail::decode_text(text), 0));
}

void put_header_text(std::string& out, std::string_view raw_value) {
  std::string_view text = trim(raw_value);
  if (is_plain(text)) {
    put_string(out, text);
  } else {
    put_string(out, seven_bit_text(text));
  }
}

}  // namespace pabal::proto::imap

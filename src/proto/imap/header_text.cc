#include "proto/imap/header_text.h"

#include <algorithm>

#include "base/bytes.h"
#include "mail/charset.h"
#include "mail/header.h"
#include "proto/imap/response.h"

namespace pabal::proto::imap {
namespace {

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 32 && c < 127; });
}

}  // namespace

std::string header_text(std::string_view raw_value, std::string_view charset, TextForm form) {
  std::string text = mail::unfold(trim(raw_value));
  std::erase_if(text, [](char c) { return c == '\0' || c == '\r'; });
  std::replace(text.begin(), text.end(), '\t', ' ');  // some fold with them
  if (is_ascii(text) && (form == TextForm::seven_bit || !mail::is_iso_2022(text))) return text;
  if (form != TextForm::seven_bit) return mail::raw_text_to_utf8(text, charset);
  if (!mail::is_raw_utf8(text, charset)) return text;
  // encode_text folds between encoded-words, where unfolding leaves the blank.
  return mail::unfold(mail::encode_text(mail::decode_text(text), 0));
}

void put_header_text(std::string& out, std::string_view raw_value, std::string_view charset, TextForm form) {
  std::string_view text = trim(raw_value);
  if (is_plain(text)) {
    put_string(out, text);
  } else {
    put_string(out, header_text(text, charset, form), form != TextForm::seven_bit);
  }
}

std::string_view one_form(std::string_view forms, TextForm form) {
  for (auto left = static_cast<int>(form); left > 0; --left) {
    size_t nul = forms.find('\0');
    if (nul == std::string_view::npos) break;
    forms.remove_prefix(nul + 1);
  }
  return forms.substr(0, forms.find('\0'));
}

}  // namespace pabal::proto::imap

// Any bytes: what is searched, sorted by and shown is well-formed UTF-8, folded
// text folds to itself, and limits hold.
#include "base/bytes.h"
#include "base/verify.h"
#include "mail/base_subject.h"
#include "mail/search_text.h"
#include "mail/summary_keys.h"

using namespace pabal;
using namespace pabal::mail;

static void check_folded(std::string_view text) {
  verify(is_utf8(text), "folded text is well-formed");
  verify(fold_for_search(text) == text, "folded text folds to itself");
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view message(reinterpret_cast<const char*>(data), size);
  check_folded(fold_for_search(message));
  Part root = parse_message(message, {.depth_max = 12, .parts_max = 60});
  SearchHeader header = search_header(message, declared_charset(root));
  for (std::string_view line : split(header.fields, '\n')) check_folded(line);
  for (std::string_view line : split(header.addresses, '\n')) check_folded(line);
  std::string body = search_body(root, message);
  for (std::string_view line : split(body, '\n')) check_folded(line);
  verify(header.fields.size() <= kSearchTextMax && header.addresses.size() <= kSearchTextMax &&
             body.size() <= kSearchTextMax,
         "search text has a limit");
  SummaryKeys keys = summary_keys(root, message, Time{});
  for (const std::string* key : {&keys.base_subject, &keys.from_key, &keys.to_key, &keys.cc_key,
                                 &keys.from_display, &keys.to_display}) {
    verify(is_utf8(*key) && key->size() <= sort_key_octets_max, "a key is short UTF-8");
  }
  verify(is_utf8(keys.message_id), "a Message-ID is well-formed");
  for (const std::string& reference : keys.references)
    verify(is_utf8(reference), "a reference is well-formed");
  std::string words = preview(root, message);
  verify(is_utf8(words), "a preview is well-formed");
  verify(words.find_first_of("\r\n\t") == std::string::npos, "a preview is one line");
  size_t characters = 0;
  for (char c : words) characters += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  verify(characters <= 200, "a preview is short");
  BaseSubject base = base_subject(message);
  BaseSubject again = base_subject(base.text);
  verify(again.text == base.text && !again.is_reply, "a base subject is its own");
  return 0;
}

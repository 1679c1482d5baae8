// Any bytes as an address, an address field and header text.
#include "base/bytes.h"
#include "base/verify.h"
#include "mail/address.h"
#include "mail/address_list.h"
#include "mail/content_type.h"
#include "mail/date.h"
#include "mail/header.h"

using namespace pabal;
using namespace pabal::mail;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  for (bool utf8 : {false, true}) {
    auto address = parse_address(text, utf8);
    if (!address) continue;
    auto again = parse_address(to_string(*address), utf8);
    verify(again && *again == *address, "an address survives being written");
    verify(same_mailbox(*address, *again), "an address is the same as itself");
  }
  for (const HeaderAddress& entry : parse_address_list(text)) {
    verify(is_utf8(entry.display_name) && is_utf8(entry.address) && is_utf8(entry.group),
           "entries are UTF-8");
    verify(is_ascii(entry.address) == is_ascii(to_header_text(entry, false)), "names become ASCII");
  }
  std::string decoded = decode_text(text);
  verify(is_utf8(decoded), "decoded text is UTF-8");
  std::string encoded = encode_text(decoded, 9);
  verify(is_ascii(encoded), "encoded text is ASCII");
  for (std::string_view line : split(encoded, '\n')) verify(line.size() <= 999, "lines are short enough");
  std::string clean;
  for (char c : decoded) {
    if (static_cast<unsigned char>(c) >= 32 && c != 127) clean += c;
  }
  clean = trim(clean);
  verify(decode_text(encode_text(clean, 9)) == clean, "text comes back from encoded-words");
  for (const Parameter& parameter : parse_content_type(text).parameters) {
    verify(is_utf8(parameter.value), "parameters are UTF-8");
  }
  if (auto date = parse_date(text)) {
    auto again = parse_date(format_date(date->time, date->offset_minutes));
    verify(again && again->offset_minutes == date->offset_minutes, "a date survives being written");
  }
  return 0;
}

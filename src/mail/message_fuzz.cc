// Any bytes: the tree's offsets are nested and in range, everything can be decoded,
// a 7-bit conversion is 7-bit and needs no second one.
#include "base/bytes.h"
#include "base/verify.h"
#include "mail/date.h"
#include "mail/downgrade.h"
#include "mail/encoding.h"
#include "mail/html_text.h"
#include "mail/message.h"

using namespace pabal;
using namespace pabal::mail;

static size_t check_part(const Part& part, std::string_view message, size_t from, size_t to) {
  verify(from <= part.header_begin, "a part begins inside of its parent");
  verify(part.header_begin <= part.body_begin, "the head comes before the body");
  verify(part.body_begin <= part.body_end, "the body ends behind its beginning");
  verify(part.body_end <= to, "a part ends inside of its parent");
  size_t parts = 1, at = part.body_begin;
  for (const Part& child : part.children) {
    bool decoded = part.is_encoded_message();
    verify(decoded == (child.source != part.source), "what is encoded has been decoded, and nothing else");
    parts += decoded ? check_part(child, message, 0, child.source->size())
                     : check_part(child, message, at, part.body_end);
    at = child.body_end;
  }
  if (part.is_multipart()) {
    verify(part.body_begin <= part.preamble_end && part.preamble_end <= part.body_end,
           "the preamble is in the body");
    verify(part.body_begin <= part.epilogue_begin && part.epilogue_begin <= part.body_end,
           "the epilogue is in the body");
  }
  std::string_view body = body_of(part, message);
  size_t lines = 0;
  for (char c : body) lines += c == '\n';
  if (!body.empty() && body.back() != '\n') ++lines;
  verify(part.body_lines == lines, "lines are counted right");
  Header header = header_of(part, message);
  size_t end = 0;
  for (const Field& field : header.fields) {
    verify(field.begin == end && field.end > field.begin, "fields follow each other");
    end = field.end;
    verify(is_utf8(field.text()), "decoded text is UTF-8");
  }
  parse_date(header.value("date"));
  return parts;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view message(reinterpret_cast<const char*>(data), size);
  Limits limits{.depth_max = 16, .parts_max = 100};
  Part root = parse_message(message, limits);
  verify(root.body_end == size, "the message is all of its bytes");
  verify(check_part(root, message, 0, size) <= limits.parts_max + 1, "no more parts than the limit");
  for (const Part* part : leaf_parts(root, true)) {
    std::string text = text_of(*part, message);
    verify(is_utf8(text), "text is UTF-8");
    verify(is_utf8(html_to_text(text, 10'000)), "HTML becomes UTF-8");
  }
  for (const Attachment& attachment : list_attachments(root, message)) {
    verify(attachment.name.find_first_of("/\\") == std::string::npos, "a name has no folder");
    verify(is_utf8(attachment.name) && attachment.name.size() <= 255, "a name is short UTF-8");
  }
  if (auto converted = to_7bit(message)) {
    verify(scan_needs(*converted) == Needs{}, "converted to 7-bit");
    verify(to_7bit(*converted) == *converted, "what is 7-bit stays");
  }
  std::string bytes(message);
  verify(quoted_printable_decode(quoted_printable_encode(bytes)) == bytes, "quoted-printable comes back");
  verify(base64_decode(base64_encode_lines(bytes)) == bytes, "base64 comes back");
  return 0;
}

// Any bytes, as an outline that was stored: what is unpacked lies within itself and is
// packed to the same again. As a message: its outline comes back, and every range of
// an even base64 part decodes to what the whole does.
#include "base/verify.h"
#include "mail/encoding.h"
#include "mail/outline.h"

using namespace pabal;
using namespace pabal::mail;

static void check_part(const Outline& part, uint64_t from, uint64_t to) {
  verify(from <= part.header_begin && part.header_begin <= part.body_begin, "the head comes first");
  verify(part.body_begin <= part.body_end && part.body_end <= to, "a part lies in its parent");
  if (part.line_octets > 0) {
    const EncodedRange all = encoded_range(part, 0, UINT64_MAX);
    verify(all.end <= part.body_end - part.body_begin, "what is decoded lies in the body");
  }
  uint64_t at = part.body_begin;
  for (const Outline& child : part.children) {
    check_part(child, at, part.body_end);
    at = child.body_end;
  }
}

static void check_ranges(const Outline& part, std::string_view message) {
  if (part.source) message = *part.source;
  for (const Outline& child : part.children) check_ranges(child, message);
  if (part.line_octets == 0) return;
  const std::string_view body = message.substr(part.body_begin, part.body_end - part.body_begin);
  const std::string whole = base64_decode(body);
  verify(whole.size() == part.decoded_octets, "the decoded size is known");
  for (uint64_t begin = 0; begin <= whole.size(); begin += 1 + begin / 3) {
    const EncodedRange range = encoded_range(part, begin, 5);
    std::string decoded = base64_decode(body.substr(range.begin, range.end - range.begin));
    verify(decoded.substr(std::min<uint64_t>(range.skip, decoded.size()), 5) == whole.substr(begin, 5),
           "a range decodes to the same");
  }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (std::optional<Outline> outline = unpack_outline(bytes)) {
    check_part(*outline, 0, UINT64_MAX);
    std::optional<Outline> again = unpack_outline(pack(*outline));
    verify(again && pack(*again) == pack(*outline), "it is packed to the same again");
  }
  Outline made = outline_of(parse_message(bytes, {.depth_max = 12, .parts_max = 60}));
  measure_base64(made, bytes);
  check_ranges(made, bytes);
  std::optional<Outline> back = unpack_outline(pack(made));
  verify(back && back->body_end == size, "the outline of a message comes back");
  check_part(*back, 0, size);
  return 0;
}

// A message as a tree of parts, by octet offsets into its bytes (RFC 2045–2049).
// Parsing takes any bytes, never fails, and reads them once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mail/content_type.h"
#include "mail/header.h"

namespace pabal::mail {

// Beyond a limit nothing more is looked into, and Part::opaque says so.
struct Limits {
  size_t depth_max = 64;
  size_t parts_max = 5'000;
  size_t boundary_octets_max = 8'192;  // RFC 2046 §5.1.1 has 70; longer ones are seen
  HeaderLimits header;
};

enum class TransferEncoding : uint8_t { seven_bit, eight_bit, binary, quoted_printable, base64, unknown };

// Offsets count octets from the start of the message:
//   [header_begin, body_begin) head with its empty line, [body_begin, body_end) body.
// The line end before a boundary belongs to the boundary (RFC 2046 §5.1.1).
struct Part {
  size_t header_begin = 0;
  size_t body_begin = 0;
  size_t body_end = 0;
  size_t header_lines = 0;
  size_t body_lines = 0;  // a last line without line end counts too

  ContentType type;  // what it is; the default (RFC 2045 §5.2, 2046 §5.1.5) if not said
  ContentDisposition disposition;
  TransferEncoding encoding = TransferEncoding::seven_bit;
  std::string encoding_name;  // lower case, as said; "" if not
  std::string id;             // Content-ID, with its brackets as written
  std::string description;    // UTF-8

  // multipart: its parts. message/rfc822 and message/global: the one message in it.
  std::vector<Part> children;
  // Where its octets are: null for the message itself, else what an encoded message
  // around it decodes to. The offsets count in that.
  std::shared_ptr<const std::string> source;
  // multipart only: where the preamble ends and the epilogue begins (body_end if none).
  size_t preamble_end = 0;
  size_t epilogue_begin = 0;
  // A multipart or message not (or not wholly) looked into: a limit was reached or it
  // has no boundary.
  bool opaque = false;

  size_t size_octets() const { return body_end - body_begin; }
  bool is_multipart() const { return type.type == "multipart"; }
  bool is_leaf() const { return children.empty(); }
  // message/rfc822 or message/global. An encoding is allowed for the latter (RFC 6532
  // §3.7) and in use for the former; what is inside has been decoded then.
  bool is_message() const { return type.is("message", "rfc822") || type.is("message", "global"); }
  bool is_encoded_message() const {
    return is_message() &&
           (encoding == TransferEncoding::base64 || encoding == TransferEncoding::quoted_printable);
  }
};

// What encoded messages within it decode to is together no larger than it is itself.
Part parse_message(std::string_view message, const Limits& limits = {});

// The charset of the first part that says one, this one and those in it in their order;
// "" if none does. In it raw 8-bit header text most likely is.
std::string declared_charset(const Part& part);

std::string_view source_of(const Part& part, std::string_view message);
std::string_view head_of(const Part& part, std::string_view message);
std::string_view body_of(const Part& part, std::string_view message);
Header header_of(const Part& part, std::string_view message);  // views into `message`

TransferEncoding parse_transfer_encoding(std::string_view value);

std::string decode_transfer(TransferEncoding encoding, std::string_view octets);

// The body's bytes after transfer decoding; an unknown encoding decodes to itself.
std::string decode_body(const Part& part, std::string_view message);

// decode_body to UTF-8 by the part's charset; CRLF becomes LF; format=flowed undone.
std::string text_of(const Part& part, std::string_view message);

// Parts without children, in order. `into_messages`: also those inside of
// message/rfc822 instead of that part itself.
std::vector<const Part*> leaf_parts(const Part& root, bool into_messages);

// What to show and what to offer for saving, by the algorithm of RFC 8621 §4.1.4.
struct BodyParts {
  std::vector<const Part*> text;
  std::vector<const Part*> html;
  std::vector<const Part*> attachments;
};
BodyParts find_text_parts(const Part& root);

struct Attachment {
  const Part* part = nullptr;
  std::string name;        // UTF-8, safe as a file name; "" if it has none
  std::string type;        // "image/png"
  size_t size_octets = 0;  // decoded
};
// Everything that can be saved: what is not shown as text, the pictures, sounds and videos
// that stand in the text, and text that has a file name although it is shown. In order.
std::vector<Attachment> list_attachments(const Part& root, std::string_view message);

}  // namespace pabal::mail

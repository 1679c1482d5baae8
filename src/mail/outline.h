// Outline: where the parts of a message lie, without what they say. Some ten octets
// a part when it is packed, so that it is kept beside the message, and one part of
// a large one is read without the others.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mail/message.h"

namespace pabal::mail {

struct Outline {
  enum class Kind : uint8_t { leaf, multipart, message };

  // Offsets as in Part.
  uint64_t header_begin = 0, body_begin = 0, body_end = 0;
  Kind kind = Kind::leaf;  // message: as Part::is_message
  TransferEncoding encoding = TransferEncoding::seven_bit;
  // base64 in lines of so many octets without their CRLF, all alike but the last;
  // 0: other lines, or nobody has looked. What it decodes to has decoded_octets.
  uint32_t line_octets = 0;
  uint64_t decoded_octets = 0;

  std::vector<Outline> children;              // as in Part
  std::shared_ptr<const std::string> source;  // as in Part: what the offsets count in
  // There are children, which only the decoded message tells: a packed outline has none.
  bool children_unknown = false;

  bool is_leaf() const { return children.empty() && !children_unknown; }
};

Outline outline_of(const Part& root);
// Only the head of a message is known: its parts are not.
Outline outline_of_head(std::string_view head, uint64_t message_octets);

// Looks for base64 in even lines, in all parts; reads their octets once.
void measure_base64(Outline& root, std::string_view message);
// Where in the body the octets [begin, begin + octets) of what it decodes to stand, for
// a part with line_octets. It decodes to them behind the first `skip` ones.
struct EncodedRange {
  uint64_t begin = 0, end = 0;
  uint64_t skip = 0;
};
EncodedRange encoded_range(const Outline& part, uint64_t begin, uint64_t octets);

// As it is stored; parts in encoded messages are left out.
std::string pack(const Outline& root);
// nullopt: that is no packed outline of ours.
std::optional<Outline> unpack_outline(std::string_view packed);

// The same of a message whose head is `octets` longer in front. False, and nothing is
// changed: the head is not as long as what is taken from it.
bool lengthen_front(Outline& root, int64_t octets);

}  // namespace pabal::mail

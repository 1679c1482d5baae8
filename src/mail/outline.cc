#include "mail/outline.h"

#include <algorithm>
#include <array>

#include "base/verify.h"

namespace pabal::mail {
namespace {

// A packed part is a first octet, five numbers at most, and its children:
//   bits 0-1 kind, 2-4 encoding, 5 has line_octets, 6 children_unknown
//   head begin (behind the parent's body begin, or behind the part before), head
//   octets, body octets, [line_octets, decoded_octets], number of children
// Numbers are in groups of 7 bits, the lowest first; the 8th bit says that more follow.
constexpr uint8_t kHasLines = 0x20, kChildrenUnknown = 0x40;
constexpr size_t kDepthMax = 128;
constexpr uint64_t kOctetsMax = uint64_t{1} << 60;  // so that nothing counted from it overflows

void put_number(std::string& out, uint64_t n) {
  for (; n >= 0x80; n >>= 7) out += static_cast<char>(n | 0x80);
  out += static_cast<char>(n);
}

void pack_part(std::string& out, const Outline& part, uint64_t from) {
  const bool lines = part.line_octets > 0;
  const bool decoded = !part.children.empty() && part.children.front().source != part.source;
  out +=
      static_cast<char>(static_cast<uint8_t>(part.kind) | static_cast<uint8_t>(part.encoding) << 2 |
                        (lines ? kHasLines : 0) | (decoded || part.children_unknown ? kChildrenUnknown : 0));
  put_number(out, part.header_begin - from);
  put_number(out, part.body_begin - part.header_begin);
  put_number(out, part.body_end - part.body_begin);
  if (lines) {
    put_number(out, part.line_octets);
    put_number(out, part.decoded_octets);
  }
  put_number(out, decoded ? 0 : part.children.size());
  if (decoded) return;
  uint64_t at = part.body_begin;
  for (const Outline& child : part.children) {
    pack_part(out, child, at);
    at = child.body_end;
  }
}

class Unpacker {
 public:
  explicit Unpacker(std::string_view packed) : rest_(packed) {}

  std::optional<Outline> run() {
    Outline root;
    if (!part(root, 0, kOctetsMax, 0) || !rest_.empty()) return std::nullopt;
    return root;
  }

 private:
  bool number(uint64_t& n) {
    n = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto octet = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      n |= uint64_t{octet & 0x7Fu} << shift;
      if (octet < 0x80) return true;
    }
    return false;
  }

  // Adds what comes to `n`, which stays at most `max`.
  bool step(uint64_t& n, uint64_t max) {
    uint64_t by = 0;
    if (!number(by) || by > max - n) return false;
    n += by;
    return true;
  }

  // Between `from` and `to`.
  bool part(Outline& out, uint64_t from, uint64_t to, size_t depth) {
    if (rest_.empty() || depth == kDepthMax) return false;
    const auto first = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    const unsigned kind = first & 3u, encoding = first >> 2 & 7u;
    if (kind > static_cast<unsigned>(Outline::Kind::message) ||
        encoding > static_cast<unsigned>(TransferEncoding::unknown) || first >= 0x80)
      return false;
    out.kind = static_cast<Outline::Kind>(kind);
    out.encoding = static_cast<TransferEncoding>(encoding);
    out.children_unknown = (first & kChildrenUnknown) != 0;
    out.header_begin = from;
    if (!step(out.header_begin, to)) return false;
    out.body_begin = out.header_begin;
    if (!step(out.body_begin, to)) return false;
    out.body_end = out.body_begin;
    if (!step(out.body_end, to)) return false;
    if ((first & kHasLines) != 0 && !lines(out)) return false;
    return children(out, depth);
  }

  bool lines(Outline& out) {
    uint64_t line_octets = 0;
    if (!number(line_octets) || !number(out.decoded_octets)) return false;
    if (line_octets == 0 || line_octets % 4 != 0 || line_octets > UINT32_MAX) return false;
    out.line_octets = static_cast<uint32_t>(line_octets);
    const uint64_t body = out.body_end - out.body_begin;
    return out.decoded_octets <= body && encoded_range(out, 0, out.decoded_octets).end <= body;
  }

  bool children(Outline& out, size_t depth) {
    uint64_t count = 0;
    // A part takes five octets at least.
    if (!number(count) || count > rest_.size() / 5) return false;
    if (count > 0 && (out.kind == Outline::Kind::leaf || out.children_unknown)) return false;
    uint64_t at = out.body_begin;
    out.children.reserve(count);
    for (; count > 0; --count) {
      if (!part(out.children.emplace_back(), at, out.body_end, depth + 1)) return false;
      at = out.children.back().body_end;
    }
    return true;
  }

  std::string_view rest_;
};

constexpr std::array<bool, 256> make_alphabet() {
  std::array<bool, 256> table{};
  for (char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> kAlphabet = make_alphabet();

bool is_base64(std::string_view text) {
  bool all = true;
  for (char c : text) all = all && kAlphabet[static_cast<unsigned char>(c)];
  return all;
}

void measure_part(Outline& part, std::string_view body) {
  const size_t first = body.find("\r\n");
  const size_t line = first == std::string_view::npos ? body.size() : first;
  if (line == 0 || line % 4 != 0 || line > UINT32_MAX) return;
  uint64_t decoded = 0;
  while (body.size() > line + 2 && body.substr(line, 2) == "\r\n" && is_base64(body.substr(0, line))) {
    decoded += line / 4 * 3;
    body.remove_prefix(line + 2);
  }
  // The last one, which alone may be shorter and padded.
  if (body.ends_with("\r\n")) body.remove_suffix(2);
  size_t padding = 0;
  while (padding < 2 && body.ends_with('=')) {
    body.remove_suffix(1);
    ++padding;
  }
  if ((body.size() + padding) % 4 != 0 || body.size() + padding > line || !is_base64(body)) return;
  part.line_octets = static_cast<uint32_t>(line);
  part.decoded_octets = decoded + (body.size() + padding) / 4 * 3 - padding;
}

void move_behind(Outline& part, uint64_t by) {  // modulo 2^64
  part.header_begin += by;
  part.body_begin += by;
  part.body_end += by;
  for (Outline& child : part.children) {
    if (!child.source) move_behind(child, by);
  }
}

}  // namespace

Outline outline_of(const Part& root) {
  Outline out;
  out.header_begin = root.header_begin;
  out.body_begin = root.body_begin;
  out.body_end = root.body_end;
  if (root.is_multipart()) out.kind = Outline::Kind::multipart;
  if (root.is_message()) out.kind = Outline::Kind::message;
  out.encoding = root.encoding;
  out.source = root.source;
  out.children.reserve(root.children.size());
  for (const Part& child : root.children) out.children.push_back(outline_of(child));
  return out;
}

Outline outline_of_head(std::string_view head, uint64_t message_octets) {
  Outline out;
  out.body_begin = parse_header(head).body_begin;
  out.body_end = std::max<uint64_t>(out.body_begin, message_octets);
  return out;
}

void measure_base64(Outline& root, std::string_view message) {
  if (root.source) message = *root.source;
  if (root.encoding == TransferEncoding::base64 && root.kind != Outline::Kind::multipart)
    measure_part(root, message.substr(root.body_begin, root.body_end - root.body_begin));
  for (Outline& child : root.children) measure_base64(child, message);
}

EncodedRange encoded_range(const Outline& part, uint64_t begin, uint64_t octets) {
  verify(part.line_octets > 0, "only even lines can be counted");
  begin = std::min(begin, part.decoded_octets);
  octets = std::min(octets, part.decoded_octets - begin);
  if (octets == 0) return {};
  auto place = [&](uint64_t quad) {
    const uint64_t quads_a_line = part.line_octets / 4;
    return quad / quads_a_line * (part.line_octets + 2) + quad % quads_a_line * 4;
  };
  return {place(begin / 3), place((begin + octets - 1) / 3) + 4, begin % 3};
}

std::string pack(const Outline& root) {
  std::string out;
  pack_part(out, root, 0);
  return out;
}

std::optional<Outline> unpack_outline(std::string_view packed) {
  return Unpacker(packed).run();
}

bool lengthen_front(Outline& root, int64_t octets) {
  if (octets < 0 && root.body_begin < uint64_t{0} - static_cast<uint64_t>(octets)) return false;
  move_behind(root, static_cast<uint64_t>(octets));
  root.header_begin = 0;
  return true;
}

}  // namespace pabal::mail

#include "proto/dns/name.h"

#include <vector>

#include "base/bytes.h"
#include "base/verify.h"

namespace pabal::proto::dns {

namespace {

uint8_t octet(std::string_view bytes, size_t at) {
  return static_cast<uint8_t>(bytes[at]);
}

void append_label(std::string& name, std::string_view label) {
  if (!name.empty()) name += '.';
  for (char raw : label) {
    char c = to_lower(raw);
    if (c == '.' || c == '\\') {
      name += '\\';
      name += c;
    } else if (c > ' ' && c <= '~') {
      name += c;
    } else {
      auto value = static_cast<unsigned char>(c);
      name += '\\';
      name += static_cast<char>('0' + value / 100);
      name += static_cast<char>('0' + value / 10 % 10);
      name += static_cast<char>('0' + value % 10);
    }
  }
}

// One octet of text with its escape resolved; nullopt for a broken escape.
std::optional<char> take_escaped(std::string_view& text) {
  text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  if (!is_digit(text[0])) {
    char c = text[0];
    text.remove_prefix(1);
    return c;
  }
  if (text.size() < 3) return std::nullopt;
  auto value = parse_uint(text.substr(0, 3));
  if (!value || *value > 255) return std::nullopt;
  text.remove_prefix(3);
  return static_cast<char>(*value);
}

// The labels as octets, from text; nullopt when it is no name.
std::optional<std::vector<std::string>> labels(std::string_view text) {
  std::vector<std::string> out;
  if (text.empty() || text == ".") return out;
  std::string label;
  size_t wire = 1;
  auto finish = [&] {
    if (label.empty() || label.size() > kLabelMax) return false;
    wire += label.size() + 1;
    out.push_back(std::move(label));
    label.clear();
    return wire <= kNameMax;
  };
  while (!text.empty()) {
    if (text[0] == '.') {
      if (!finish()) return std::nullopt;
      text.remove_prefix(1);
      if (text.empty()) return out;
    } else if (text[0] == '\\') {
      auto c = take_escaped(text);
      if (!c) return std::nullopt;
      label += *c;
    } else {
      label += text[0];
      text.remove_prefix(1);
    }
    if (label.size() > kLabelMax) return std::nullopt;
  }
  if (!finish()) return std::nullopt;
  return out;
}

// Whether the character at `at` stands behind a backslash that escapes it.
bool is_escaped(std::string_view name, size_t at) {
  size_t backslashes = 0;
  while (at > backslashes && name[at - backslashes - 1] == '\\') ++backslashes;
  return backslashes % 2 == 1;
}

}  // namespace

std::optional<std::string> normalize_name(std::string_view text) {
  auto parts = labels(text);
  if (!parts) return std::nullopt;
  std::string name;
  for (const std::string& label : *parts) append_label(name, label);
  return name;
}

bool is_within(std::string_view name, std::string_view zone) {
  if (zone.empty() || name == zone) return true;
  if (!name.ends_with(zone) || name.size() < zone.size() + 2) return false;
  size_t dot = name.size() - zone.size() - 1;
  return name[dot] == '.' && !is_escaped(name, dot);
}

std::string_view parent(std::string_view name) {
  for (size_t at = name.find('.'); at != std::string_view::npos; at = name.find('.', at + 1))
    if (!is_escaped(name, at)) return name.substr(at + 1);
  return {};
}

std::string encode_name(std::string_view name) {
  auto parts = labels(name);
  verify(parts.has_value(), "only canonical names are encoded");
  std::string out;
  for (const std::string& label : *parts) {
    out += static_cast<char>(label.size());
    out += label;
  }
  out += '\0';
  return out;
}

std::optional<std::string> decode_name(std::string_view message, size_t& offset, Compression compression) {
  std::string name;
  size_t at = offset;
  size_t end = 0;          // behind the name where it stands; set at the first pointer
  size_t lowest = offset;  // pointers must go below this
  size_t wire = 1;
  while (true) {
    if (at >= message.size()) return std::nullopt;
    uint8_t length = octet(message, at);
    if (length == 0) {
      offset = end != 0 ? end : at + 1;
      return name;
    }
    if ((length & 0xC0) == 0xC0) {
      if (compression == Compression::refused || at + 1 >= message.size()) return std::nullopt;
      size_t target = static_cast<size_t>(length & 0x3F) << 8 | octet(message, at + 1);
      if (target >= lowest) return std::nullopt;
      if (end == 0) end = at + 2;
      lowest = at = target;
      continue;
    }
    if (length > kLabelMax || at + 1 + length > message.size()) return std::nullopt;
    wire += length + size_t{1};
    if (wire > kNameMax) return std::nullopt;
    append_label(name, message.substr(at + 1, length));
    at += length + size_t{1};
  }
}

}  // namespace pabal::proto::dns

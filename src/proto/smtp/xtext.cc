#include "proto/smtp/xtext.h"

#include "base/bytes.h"

namespace pabal::proto::smtp {

namespace {

constexpr std::string_view kHex = "0123456789ABCDEF";

std::optional<uint32_t> hex_value(std::string_view digits) {
  if (digits.empty() || digits.size() > 6) return std::nullopt;
  uint32_t value = 0;
  for (char c : digits) {
    size_t digit = kHex.find(to_upper(c));
    if (digit == std::string_view::npos) return std::nullopt;
    value = value * 16 + static_cast<uint32_t>(digit);
  }
  return value;
}

void append_utf8(std::string& out, uint32_t c) {
  auto put = [&out](uint32_t octet) { out += static_cast<char>(octet); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6), put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12), put(0x80 | (c >> 6 & 0x3F)), put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | c >> 18), put(0x80 | (c >> 12 & 0x3F)), put(0x80 | (c >> 6 & 0x3F)), put(0x80 | (c & 0x3F));
  }
}

// One character off the front of well-formed UTF-8.
uint32_t take_utf8(std::string_view& text) {
  auto at = [&text](size_t i) { return static_cast<unsigned char>(text[i]); };
  size_t length = at(0) < 0x80 ? 1 : at(0) < 0xE0 ? 2 : at(0) < 0xF0 ? 3 : 4;
  uint32_t c = length == 1 ? at(0) : at(0) & (0x7F >> length);
  for (size_t i = 1; i < length; ++i) c = c << 6 | (at(i) & 0x3F);
  text.remove_prefix(length);
  return c;
}

bool is_xchar(char c) {
  return c >= '!' && c <= '~' && c != '+' && c != '=';
}

}  // namespace

std::string xtext_encode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    if (is_xchar(c)) {
      out += c;
    } else {
      auto octet = static_cast<unsigned char>(c);
      out += '+';
      out += kHex[octet >> 4];
      out += kHex[octet & 15];
    }
  }
  return out;
}

std::optional<std::string> xtext_decode(std::string_view xtext) {
  std::string out;
  out.reserve(xtext.size());
  for (size_t i = 0; i < xtext.size(); ++i) {
    if (is_xchar(xtext[i])) {
      out += xtext[i];
    } else if (xtext[i] == '+' && i + 2 < xtext.size()) {
      auto value = hex_value(xtext.substr(i + 1, 2));
      if (!value) return std::nullopt;
      out += static_cast<char>(*value);
      i += 2;
    } else {
      return std::nullopt;
    }
  }
  return out;
}

std::string utf8_addr_xtext_encode(std::string_view utf8) {
  std::string out;
  bool well_formed = is_utf8(utf8);
  while (!utf8.empty()) {
    uint32_t c = static_cast<unsigned char>(utf8[0]);
    if (well_formed)
      c = take_utf8(utf8);
    else
      utf8.remove_prefix(1);  // octets of unknown meaning: as if they were Latin-1
    if (c < 0x80 && is_xchar(static_cast<char>(c)) && c != '\\') {
      out += static_cast<char>(c);
      continue;
    }
    std::string digits;
    for (uint32_t rest = c; rest != 0 || digits.size() < 2; rest >>= 4)
      digits.insert(digits.begin(), kHex[rest & 15]);
    out += "\\x{" + digits + "}";
  }
  return out;
}

std::optional<std::string> utf8_addr_xtext_decode(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    char c = text[0];
    if (text.starts_with("\\x{")) {
      size_t close = text.find('}');
      if (close == std::string_view::npos) return std::nullopt;
      auto value = hex_value(text.substr(3, close - 3));
      if (!value || *value > 0x10FFFF || (*value >= 0xD800 && *value < 0xE000)) return std::nullopt;
      append_utf8(out, *value);
      text.remove_prefix(close + 1);
    } else if (static_cast<unsigned char>(c) >= 0x80 || (is_xchar(c) && c != '\\')) {
      out += c;
      text.remove_prefix(1);
    } else {
      return std::nullopt;
    }
  }
  if (!is_utf8(out)) return std::nullopt;
  return out;
}

}  // namespace pabal::proto::smtp

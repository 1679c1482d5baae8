#include "mail/encoding.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"

namespace pabal::mail {
namespace {

constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char hex_digits[] = "0123456789ABCDEF";

constexpr std::array<int8_t, 256> make_reverse() {
  std::array<int8_t, 256> table{};
  table.fill(-1);
  for (int i = 0; i < 64; ++i) table[static_cast<unsigned char>(alphabet[i])] = static_cast<int8_t>(i);
  return table;
}
constexpr std::array<int8_t, 256> reverse = make_reverse();

int digit(char c) {
  return reverse[static_cast<unsigned char>(c)];
}

void append_base64(std::string& out, std::string_view bytes) {
  auto at = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(bytes[i])); };
  size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    uint32_t v = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    const char quad[4] = {alphabet[v >> 18], alphabet[v >> 12 & 63], alphabet[v >> 6 & 63], alphabet[v & 63]};
    out.append(quad, 4);
  }
  if (i == bytes.size()) return;
  bool two = i + 2 == bytes.size();
  uint32_t v = at(i) << 16 | (two ? at(i + 1) << 8 : 0);
  const char quad[4] = {alphabet[v >> 18], alphabet[v >> 12 & 63], two ? alphabet[v >> 6 & 63] : '=', '='};
  out.append(quad, 4);
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  c = to_lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void append_octets(std::string& out, uint32_t v, int count) {
  const char bytes[3] = {static_cast<char>(v >> 16), static_cast<char>(v >> 8), static_cast<char>(v)};
  out.append(bytes, static_cast<size_t>(count));
}

}  // namespace

std::string base64_encode(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  append_base64(out, bytes);
  return out;
}

std::optional<std::string> base64_decode_strict(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 4 * 3);
  for (size_t i = 0; i < text.size(); i += 4) {
    bool last = i + 4 == text.size();
    int padding = last && text[i + 3] == '=' ? (text[i + 2] == '=' ? 2 : 1) : 0;
    uint32_t v = 0;
    for (size_t k = 0; k < 4; ++k) {
      int d = k + static_cast<size_t>(padding) >= 4 ? 0 : digit(text[i + k]);
      if (d < 0) return std::nullopt;
      v = v << 6 | static_cast<uint32_t>(d);
    }
    if ((padding == 1 && (v & 0xFF) != 0) || (padding == 2 && (v & 0xFFFF) != 0)) return std::nullopt;
    append_octets(out, v, 3 - padding);
  }
  return out;
}

std::string base64_encode_lines(std::string_view bytes) {
  constexpr size_t line_bytes = encoded_line_max / 4 * 3;
  std::string out;
  out.reserve(bytes.size() / line_bytes * (encoded_line_max + 2) + encoded_line_max + 6);
  for (size_t i = 0; i < bytes.size(); i += line_bytes) {
    append_base64(out, bytes.substr(i, line_bytes));
    out += "\r\n";
  }
  return out;
}

std::string base64_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 4 * 3);
  uint32_t v = 0;
  int have = 0;
  size_t i = 0;
  while (i < text.size()) {
    if (have == 0) {
      while (i + 4 <= text.size()) {
        int a = digit(text[i]), b = digit(text[i + 1]), c = digit(text[i + 2]), d = digit(text[i + 3]);
        if ((a | b | c | d) < 0) break;
        append_octets(out, static_cast<uint32_t>(a << 18 | b << 12 | c << 6 | d), 3);
        i += 4;
      }
      if (i == text.size()) break;
    }
    char c = text[i++];
    int d = digit(c);
    if (d >= 0) {
      v = v << 6 | static_cast<uint32_t>(d);
      if (++have == 4) {
        append_octets(out, v, 3);
        v = 0;
        have = 0;
      }
    } else if (c == '=' && have >= 2) {
      append_octets(out, v << (6 * (4 - have)), have - 1);
      v = 0;
      have = 0;
    }
  }
  if (have >= 2) append_octets(out, v << (6 * (4 - have)), have - 1);
  return out;
}

std::string quoted_printable_encode(std::string_view bytes, bool text) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 8 + 16);
  size_t column = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    char c = bytes[i];
    bool line_end = text && c == '\r' && i + 1 < bytes.size() && bytes[i + 1] == '\n';
    if (line_end) {
      out += "\r\n";
      column = 0;
      ++i;
      continue;
    }
    // A space is safe unless a line end follows, which transports strip it before.
    bool before_end = i + 1 == bytes.size() || (text && bytes[i + 1] == '\r');
    bool plain = (c > 32 && c < 127 && c != '=') || (is_wsp(c) && !before_end);
    size_t width = plain ? 1 : 3;
    // One column stays free for the soft break's '='.
    if (column + width > encoded_line_max - 1) {
      out += "=\r\n";
      column = 0;
    }
    if (plain) {
      out += c;
    } else {
      auto octet = static_cast<unsigned char>(c);
      const char escaped[3] = {'=', hex_digits[octet >> 4], hex_digits[octet & 15]};
      out.append(escaped, 3);
    }
    column += width;
  }
  return out;
}

std::string quoted_printable_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    size_t lf = text.find('\n');
    std::string_view line = text.substr(0, lf);
    text.remove_prefix(lf == std::string_view::npos ? text.size() : lf + 1);
    std::string_view line_end = lf == std::string_view::npos ? "" : "\n";
    if (!line_end.empty() && line.ends_with('\r')) {
      line_end = "\r\n";
      line.remove_suffix(1);
    }
    size_t last = line.find_last_not_of(" \t");
    line = line.substr(0, last + 1);
    bool soft = line.ends_with('=');
    if (soft) line.remove_suffix(1);
    for (;;) {
      size_t escape = line.find('=');
      out += line.substr(0, escape);
      if (escape == std::string_view::npos) break;
      line.remove_prefix(escape);
      int high = line.size() > 2 ? hex_value(line[1]) : -1;
      int low = line.size() > 2 ? hex_value(line[2]) : -1;
      if (high >= 0 && low >= 0) {
        out += static_cast<char>(high << 4 | low);
        line.remove_prefix(3);
      } else {
        out += '=';
        line.remove_prefix(1);
      }
    }
    if (!soft) out += line_end;
  }
  return out;
}

}  // namespace pabal::mail

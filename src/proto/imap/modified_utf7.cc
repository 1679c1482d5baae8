// Mailbox names on the wire of IMAP4rev1 (RFC 3501 §5.1.3): printable ASCII as it
// is, "&" as "&-", all else as UTF-16 in base64 with "," for "/", without padding.
#include <cstdint>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

#include "proto/imap/response.h"

namespace pabal::proto::imap {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

bool is_printable(unsigned char c) {
  return c >= 0x20 && c <= 0x7E;
}

// UTF-16 units going out six bits at a time.
class Run {
 public:
  explicit Run(std::string& out) : out_(out) {}

  void put(uint32_t unit) {
    bits_ = bits_ << 16 | unit;
    for (have_ += 16; have_ >= 6; have_ -= 6) out_ += alphabet[bits_ >> (have_ - 6) & 63];
    bits_ &= (1U << have_) - 1;
  }

  void end() {
    if (have_ > 0) out_ += alphabet[bits_ << (6 - have_) & 63];
    out_ += '-';
  }

 private:
  std::string& out_;
  uint32_t bits_ = 0;
  int have_ = 0;
};

// The UTF-16 of a run's base64 as UTF-8 behind `out`; false if it is none.
bool decode_run(std::string_view text, std::string& out) {
  uint32_t bits = 0, lead = 0;
  int have = 0;
  for (char c : text) {
    size_t value = alphabet.find(c);
    if (value == std::string_view::npos) return false;
    bits = (bits << 6 | static_cast<uint32_t>(value)) & 0xFF'FFFF;
    have += 6;
    if (have < 16) continue;
    have -= 16;
    uint32_t unit = bits >> have & 0xFFFF, code_point = unit;
    if (lead != 0) {
      if (!U16_IS_TRAIL(unit)) return false;
      code_point = static_cast<uint32_t>(U16_GET_SUPPLEMENTARY(lead, unit));
      lead = 0;
    } else if (U16_IS_LEAD(unit)) {
      lead = unit;
      continue;
    } else if (U16_IS_TRAIL(unit)) {
      return false;
    }
    char buffer[4];
    int32_t length = 0;
    U8_APPEND_UNSAFE(buffer, length, code_point);
    out.append(buffer, static_cast<size_t>(length));
  }
  return lead == 0;
}

}  // namespace

std::string to_modified_utf7(std::string_view utf8) {
  std::string out;
  const auto* bytes = reinterpret_cast<const uint8_t*>(utf8.data());
  for (size_t at = 0; at < utf8.size();) {
    if (is_printable(bytes[at])) {
      out += utf8[at];
      if (utf8[at++] == '&') out += '-';
      continue;
    }
    out += '&';
    Run run(out);
    while (at < utf8.size() && !is_printable(bytes[at])) {
      UChar32 code_point = 0;
      U8_NEXT_OR_FFFD(bytes, at, utf8.size(), code_point);
      if (code_point > 0xFFFF) run.put(U16_LEAD(code_point));
      run.put(code_point > 0xFFFF ? U16_TRAIL(code_point) : static_cast<uint32_t>(code_point));
    }
    run.end();
  }
  return out;
}

std::optional<std::string> from_modified_utf7(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    char c = text[at++];
    if (c != '&') {
      if (!is_printable(static_cast<unsigned char>(c))) return std::nullopt;
      out += c;
      continue;
    }
    size_t end = text.find('-', at);
    if (end == std::string_view::npos) return std::nullopt;
    if (end == at) {
      out += '&';
    } else if (!decode_run(text.substr(at, end - at), out)) {
      return std::nullopt;
    }
    at = end + 1;
  }
  // There is one way only to write a name: no printable ASCII and no null shift in
  // base64, no stray bits. Otherwise two names could be one mailbox.
  if (to_modified_utf7(out) != text) return std::nullopt;
  return out;
}

}  // namespace pabal::proto::imap

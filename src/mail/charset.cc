#include "mail/charset.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/verify.h"
#include "mail/charset_guess.h"
#include "mail/charset_names.h"
#include "mail/convert.h"
#include "mail/iso_2022.h"

namespace pabal::mail {
namespace {

std::string by_icu(std::string_view bytes, const char* name) {
  Converter converter = open_converter(name);
  verify(converter != nullptr, "a charset that is known has its converter");
  return convert(converter.get(), bytes);
}

bool has_escape(std::string_view bytes) {
  return bytes.find('\x1B') != std::string_view::npos;
}

// By the designations that only one of them has (RFC 1468, 1557, 1922).
std::string_view iso_2022_language(std::string_view bytes) {
  if (bytes.find("\x1B$)C") != std::string_view::npos) return "ko";
  bool chinese =
      bytes.find("\x1B$)A") != std::string_view::npos || bytes.find("\x1B$)G") != std::string_view::npos;
  return chinese ? "zh" : "ja";
}

std::string guessed(std::string_view bytes) {
  std::string charset = guess_charset(bytes);
  if (charset == "iso-2022-jp") return decode_iso_2022(bytes, "ja");
  return by_icu(bytes, charset.c_str());
}

// Characters of three octets or more are too many conditions for chance.
bool is_surely_utf8(std::string_view bytes) {
  return is_utf8(bytes) && std::any_of(bytes.begin(), bytes.end(),
                                       [](char c) { return static_cast<unsigned char>(c) >= 0xE0; });
}

// UTF-16 and EBCDIC take nearly every octet for something else than it is.
bool has_ascii(const Charset& charset) {
  return charset.coding != Coding::icu || by_icu("Az0 ", charset.converter.c_str()) == "Az0 ";
}

// Well-formed in a charset whose errors can be seen.
bool is_text_in(std::string_view bytes, const Charset& charset) {
  if (charset.coding == Coding::utf8) return is_utf8(bytes);
  if (charset.coding == Coding::c_library)
    return convert_by_c_library(bytes, charset.converter.c_str()).find("\xEF\xBF\xBD") == std::string::npos;
  if (charset.coding != Coding::icu) return false;
  Converter converter = open_converter(charset.converter.c_str());
  return converter != nullptr && convert_all(converter.get(), bytes).has_value();
}

}  // namespace

std::string to_utf8(std::string_view bytes, std::string_view name) {
  Charset charset = find_charset(name);
  switch (charset.coding) {
    case Coding::utf8:
      if (is_iso_2022(bytes)) break;
      return is_utf8(bytes) ? std::string(bytes) : by_icu(bytes, "utf-8");
    case Coding::icu:
      // Nearly all are ASCII and something; the others have octets above 127 or escapes.
      return by_icu(bytes, charset.converter.c_str());
    case Coding::c_library:
      return convert_by_c_library(bytes, charset.converter.c_str());
    case Coding::iso_2022:
      // 8-bit without a single escape sequence: it is something else.
      if (!is_ascii(bytes) && !has_escape(bytes)) break;
      return decode_iso_2022(bytes, charset.converter);
    case Coding::hz:
      return decode_hz(bytes);
    case Coding::ascii:
    case Coding::unknown:
      break;
  }
  if (is_iso_2022(bytes)) return decode_iso_2022(bytes, iso_2022_language(bytes));
  return is_utf8(bytes) ? std::string(bytes) : guessed(bytes);
}

bool is_known_charset(std::string_view name) {
  return !trim(name).empty() && find_charset(name).is_known();
}

bool same_charset(std::string_view a, std::string_view b) {
  if (iequals(a, b)) return true;
  Charset left = find_charset(a);
  return left.is_known() && left == find_charset(b);
}

bool is_iso_2022(std::string_view bytes) {
  size_t escape = bytes.find("\x1B$");
  return escape != std::string_view::npos && escape + 2 < bytes.size() &&
         std::string_view("@AB()*+").find(bytes[escape + 2]) != std::string_view::npos && is_ascii(bytes);
}

std::string charset_of_raw_text(std::string_view bytes, std::string_view declared) {
  if (is_iso_2022(bytes)) {
    std::string_view language = iso_2022_language(bytes);
    return language == "ko" ? "iso-2022-kr" : language == "zh" ? "iso-2022-cn" : "iso-2022-jp";
  }
  if (is_surely_utf8(bytes)) return "utf-8";
  Charset charset = find_charset(declared);
  if (!has_ascii(charset)) charset = {};
  if (charset.multi_octet && is_text_in(bytes, charset)) return std::string(declared);
  if (is_utf8(bytes)) return "utf-8";
  bool one_octet = charset.is_known() && !charset.multi_octet && charset.coding != Coding::ascii;
  return one_octet ? std::string(declared) : std::string();
}

bool needs_no_charset(std::string_view header) {
  return is_ascii(header) && header.find('\x1B') == std::string_view::npos;
}

bool is_raw_utf8(std::string_view bytes, std::string_view declared) {
  return find_charset(charset_of_raw_text(bytes, declared)).coding == Coding::utf8;
}

std::string raw_text_to_parse(std::string bytes, std::string_view declared) {
  if (is_iso_2022(bytes)) return to_utf8(bytes, "");
  if (declared.empty() || is_ascii(bytes)) return bytes;
  std::string charset = charset_of_raw_text(bytes, declared);
  Charset found = find_charset(charset);
  return found.multi_octet && found.coding != Coding::utf8 ? to_utf8(bytes, charset) : bytes;
}

std::string raw_text_to_utf8(std::string_view bytes, std::string_view declared) {
  std::string charset = charset_of_raw_text(bytes, declared);
  if (!charset.empty()) return to_utf8(bytes, charset);
  return to_utf8(bytes, "");
}

size_t cut_at_character(std::string_view utf8, size_t octets) {
  if (utf8.size() <= octets) return utf8.size();
  while (octets > 0 && (static_cast<unsigned char>(utf8[octets]) & 0xC0) == 0x80) --octets;
  return octets;
}

}  // namespace pabal::mail

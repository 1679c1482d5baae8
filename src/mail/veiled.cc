#include "mail/veiled.h"

#include <algorithm>
#include <vector>

#include "base/bytes.h"
#include "mail/charset.h"
#include "mail/charset_guess.h"
#include "mail/charset_names.h"
#include "mail/convert.h"

namespace pabal::mail {
namespace {

// U+F0000 and U+F00FF, in UTF-8: F3 B0 80 80 to F3 B0 83 BF.
constexpr std::string_view veil_begin = "\xF3\xB0";
constexpr size_t veil_octets = 4;

unsigned char octet(char c) {
  return static_cast<unsigned char>(c);
}

void put_veiled(std::string& out, std::string_view octets) {
  for (char c : octets) {
    out += veil_begin;
    out += static_cast<char>(0x80 + (octet(c) >> 6));
    out += static_cast<char>(0x80 + (octet(c) & 0x3F));
  }
}

// In Johab every octet above 127 leads a second one, and ICU does not know it.
std::vector<size_t> pair_ends(std::string_view octets) {
  std::vector<size_t> ends;
  for (size_t at = 0; at < octets.size();) {
    at += octet(octets[at]) >= 0x80 && at + 1 < octets.size() ? 2 : 1;
    ends.push_back(at);
  }
  return ends;
}

// From the escape to two octets to that back to one.
std::string veil_escapes(std::string_view octets) {
  std::string out;
  while (!octets.empty()) {
    size_t begin = std::min(octets.find("\x1B$"), octets.size());
    size_t end = std::min(octets.find("\x1B(", begin), octets.size());
    end = std::min(end + 3, octets.size());
    out += octets.substr(0, begin);
    put_veiled(out, octets.substr(begin, end - begin));
    octets.remove_prefix(end);
  }
  return out;
}

bool has_trail_in_ascii(std::string_view octets) {
  for (size_t i = 1; i < octets.size(); ++i) {
    if (octet(octets[i - 1]) >= 0x80 && octet(octets[i]) < 0x80) return true;
  }
  return false;
}

}  // namespace

Veiled::Veiled(std::string octets, std::string_view declared) : text_(std::move(octets)) {
  if (is_iso_2022(text_)) {
    text_ = veil_escapes(text_);
    veiled_ = true;
    return;
  }
  if (!has_trail_in_ascii(text_) || is_utf8(text_)) return;
  std::string name = charset_of_raw_text(text_, declared);
  Charset charset = find_charset(name.empty() ? guess_charset(text_) : name);
  if (!charset.multi_octet || charset.coding == Coding::utf8) return;
  std::vector<size_t> ends = charset.coding == Coding::icu
                                 ? character_ends(open_converter(charset.converter.c_str()).get(), text_)
                                 : pair_ends(text_);
  std::string out;
  size_t begin = 0;
  for (size_t end : ends) {
    std::string_view character = std::string_view(text_).substr(begin, end - begin);
    // All octets above 127, so that none of them looks like a veil.
    if (character.size() > 1 || !is_ascii(character))
      put_veiled(out, character);
    else
      out += character;
    begin = end;
  }
  text_ = std::move(out);
  veiled_ = true;
}

std::string Veiled::octets(std::string piece) const {
  if (!veiled_) return piece;
  std::string out;
  for (size_t at = 0; at < piece.size();) {
    if (piece.compare(at, veil_begin.size(), veil_begin) == 0 && at + veil_octets <= piece.size()) {
      out += static_cast<char>(((octet(piece[at + 2]) & 3) << 6) | (octet(piece[at + 3]) & 0x3F));
      at += veil_octets;
    } else {
      out += piece[at++];
    }
  }
  return out;
}

}  // namespace pabal::mail

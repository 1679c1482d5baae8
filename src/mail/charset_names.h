// What is meant by the name of a charset. For this module's own use.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pabal::mail {

enum class Coding : uint8_t {
  unknown,  // nobody knows what it is, or the name says so ("unknown-8bit")
  ascii,    // us-ascii and "": 8-bit octets in it are a mistake
  utf8,
  icu,        // a converter of ICU
  c_library,  // what ICU lacks: a converter of iconv
  iso_2022,   // any of the family: iso_2022.h
  hz,         // RFC 1843
};

struct Charset {
  Coding coding = Coding::unknown;
  std::string converter;  // of icu and c_library
  // A character may have several octets, so that bytes in another charset hardly ever
  // decode by chance.
  bool multi_octet = false;

  bool is_known() const { return coding != Coding::unknown; }
  bool operator==(const Charset&) const = default;
};

// Without regard to case, quotes, '-', '_', blanks, and a language behind '*' (RFC 2231 §5).
Charset find_charset(std::string_view name);

}  // namespace pabal::mail

// Content-Type, Content-Disposition and their parameters (RFC 2045 §5, RFC 2183,
// RFC 2231, and the ways in which mail programs get them wrong).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pabal::mail {

inline constexpr size_t parameters_max = 1'000;

struct Parameter {
  std::string name;   // lower case
  std::string value;  // decoded parameters: UTF-8

  bool operator==(const Parameter&) const = default;
};
using Parameters = std::vector<Parameter>;

const std::string* find_parameter(const Parameters& parameters, std::string_view name);

struct ContentType {
  std::string type = "text";      // lower case
  std::string subtype = "plain";  // lower case
  Parameters parameters;          // continuations joined, charsets and encoded-words decoded

  bool is(std::string_view t, std::string_view s) const { return type == t && subtype == s; }
  std::string name() const { return type + "/" + subtype; }
  std::string parameter(std::string_view name) const;  // "" if none
};

struct ContentDisposition {
  std::string disposition;  // lower case; "" if there is none
  Parameters parameters;

  std::string parameter(std::string_view name) const;  // "" if none
};

// What has no type/subtype is text/plain (RFC 2045 §5.2); its parameters are kept.
// fallback_charset: as decode_text has it, for raw 8-bit in parameters.
ContentType parse_content_type(std::string_view value, std::string_view fallback_charset = {});
ContentDisposition parse_content_disposition(std::string_view value, std::string_view fallback_charset = {});

// The parameters as written: "filename*0*" stays a name of its own, values are
// only unquoted. What IMAP's BODYSTRUCTURE shows.
// declared: as parse_raw_address_list has it.
Parameters raw_parameters(std::string_view value, std::string_view declared = {});

// The name to save under, from filename= or else name=: without folders, leading dots and
// what steers the display (base/visible.h), at most 200 octets, UTF-8; "" if none.
std::string filename(const ContentDisposition& disposition, const ContentType& type);

// " filename=…" parameters for `name`=`value`, each with a leading ";" and folded to
// its own line: plain where it can be, else RFC 2231 with an ASCII fallback before it.
std::string format_parameter(std::string_view name, std::string_view utf8_value);

}  // namespace pabal::mail

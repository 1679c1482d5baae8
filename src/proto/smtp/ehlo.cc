#include <algorithm>

#include "base/bytes.h"
#include "proto/smtp/grammar.h"

namespace pabal::proto::smtp::grammar {

namespace {

constexpr size_t kHostMax = 255;

// Clients name themselves in many ways that RFC 5321 §4.1.1.1 does not have
// ("my_pc", "192.0.2.1", "::1"), and §4.1.4 forbids refusing mail for a name
// that is wrong. What could break the Received field is refused all the same.
bool is_hello_name(std::string_view text) {
  return !text.empty() && text.size() <= kHostMax && std::ranges::all_of(text, [](char c) {
    return is_alnum(c) || static_cast<unsigned char>(c) >= 0x80 || std::string_view("-._:[]").contains(c);
  });
}

template <class Hello>
Parsed parse_hello(std::string_view arguments, std::string_view verb) {
  if (arguments.empty())
    return bad_parameter(std::string(verb) + " wants your host name: " + std::string(verb) +
                         " client.example.org");
  if (!is_hello_name(arguments))
    return bad_parameter(std::string(verb) + " wants one host name or address literal, nothing else");
  return Hello{std::string(arguments)};
}

}  // namespace

Parsed parse_helo(std::string_view arguments, bool) {
  return parse_hello<Helo>(arguments, "HELO");
}

Parsed parse_ehlo(std::string_view arguments, bool) {
  return parse_hello<Ehlo>(arguments, "EHLO");
}

Parsed parse_lhlo(std::string_view arguments, bool) {
  return parse_hello<Lhlo>(arguments, "LHLO");
}

}  // namespace pabal::proto::smtp::grammar

#include "base/bytes.h"
#include "proto/smtp/grammar.h"

namespace pabal::proto::smtp::grammar {

namespace {

// RFC 5321 §4.1.4 forbids to refuse mail for the name that a client gives itself,
// and they give many: "my computer", "Kim's-iPhone", a name in the code page of its
// Windows. Whoever shows it cleans it first.
template <class Hello>
Parsed parse_hello(std::string_view arguments, std::string_view verb) {
  if (arguments.empty())
    return bad_parameter(std::string(verb) + " wants your host name: " + std::string(verb) +
                         " client.example.org");
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

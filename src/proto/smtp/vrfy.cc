#include "proto/smtp/grammar.h"

namespace pabal::proto::smtp::grammar {

// RFC 5321 §4.1.1.6: an argument is required.
Parsed parse_vrfy(std::string_view arguments, bool) {
  if (arguments.empty()) return bad_parameter("VRFY wants a user name or an address");
  return Vrfy{std::string(arguments)};
}

Parsed parse_expn(std::string_view arguments, bool) {
  if (arguments.empty()) return bad_parameter("EXPN wants the name of a list");
  return Expn{std::string(arguments)};
}

}  // namespace pabal::proto::smtp::grammar

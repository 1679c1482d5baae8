#include <algorithm>

#include "base/bytes.h"
#include "proto/smtp/grammar.h"

namespace pabal::proto::smtp::grammar {

namespace {

// RFC 4422 §3.1
bool is_mechanism_name(std::string_view text) {
  return !text.empty() && text.size() <= 20 &&
         std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
}

}  // namespace

// RFC 4954 §4: "AUTH" SP mechanism [SP initial-response]
Parsed parse_auth(std::string_view arguments, bool) {
  size_t space = arguments.find(' ');
  std::string_view mechanism = arguments.substr(0, space);
  if (!is_mechanism_name(mechanism)) return bad_parameter("AUTH wants the name of a mechanism: AUTH PLAIN");
  Auth auth{to_upper(mechanism), std::nullopt};
  if (space != std::string_view::npos) {
    std::string_view response = trim(arguments.substr(space));
    if (response.contains(' '))
      return bad_parameter("AUTH takes a mechanism and one base64 response, no more");
    // A single "=" is how an empty response is written.
    auth.initial_response = response == "=" ? std::string() : std::string(response);
  }
  return auth;
}

}  // namespace pabal::proto::smtp::grammar

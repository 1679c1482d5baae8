#include "base/bytes.h"
#include "proto/imap/grammar.h"

namespace pabal::proto::imap::grammar {

// RFC 9051 §6.2.2, with the initial response of RFC 4959.
Parsed parse_authenticate(Parser& parser) {
  Authenticate authenticate;
  constexpr std::string_view kWhat = "a mechanism like PLAIN";
  if (!parser.space(kWhat) || !parser.take_upper_atom(authenticate.mechanism, kWhat)) return std::nullopt;
  if (!parser.has_argument()) return authenticate;
  std::string response;
  constexpr std::string_view kResponse = "its initial response in base64, or \"=\" for an empty one";
  if (!parser.space(kResponse) || !parser.take_atom(response, kResponse)) return std::nullopt;
  authenticate.initial_response = response == "=" ? std::string() : std::move(response);
  return authenticate;
}

}  // namespace pabal::proto::imap::grammar

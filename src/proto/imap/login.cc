#include "proto/imap/grammar.h"

namespace pabal::proto::imap::grammar {

// RFC 9051 §6.2.3
Parsed parse_login(Parser& parser) {
  Login login;
  if (!parser.argument_astring(login.user, "a user name and a password") ||
      !parser.argument_astring(login.password, "a password behind the user name"))
    return std::nullopt;
  return login;
}

}  // namespace pabal::proto::imap::grammar

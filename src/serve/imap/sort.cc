// SORT and UID SORT (RFC 5256 §3, RFC 5267 §3).
#include "serve/imap/search_request.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

rt::Task<Outcome> Session::on(wire::Sort command) {
  return search({.uid = command.uid,
                 .returns = std::move(command.returns),
                 .program = std::move(command.program),
                 .criteria = std::move(command.criteria)});
}

}  // namespace pabal::serve::imap

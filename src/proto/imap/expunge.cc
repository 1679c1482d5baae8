#include "proto/imap/grammar.h"

namespace pabal::proto::imap::grammar {

// RFC 9051 §6.4.3; UID EXPUNGE: RFC 4315 §2.1
Parsed parse_expunge(Parser& parser) {
  Expunge expunge;
  if (parser.uid() && !take_messages(parser, expunge.uids.emplace())) return std::nullopt;
  return expunge;
}

}  // namespace pabal::proto::imap::grammar

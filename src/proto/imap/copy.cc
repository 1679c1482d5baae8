#include "proto/imap/grammar.h"

namespace pabal::proto::imap::grammar {

// RFC 9051 §6.4.7 and, MOVE, §6.4.8
Parsed parse_copy(Parser& parser) {
  Copy copy{.uid = parser.uid(), .move = parser.name() == "MOVE"};
  if (!take_messages(parser, copy.set) || !parser.argument_mailbox(copy.mailbox)) return std::nullopt;
  return copy;
}

}  // namespace pabal::proto::imap::grammar

#include "proto/imap/grammar.h"

namespace pabal::proto::imap::grammar {

// RFC 8508 §3
Parsed parse_replace(Parser& parser) {
  std::string_view what = parser.uid() ? "one UID, or *" : "one message number, or *";
  Replace replace{.uid = parser.uid()};
  if (!parser.space(what)) return std::nullopt;
  if (parser.skip('*'))
    replace.number = kStar;
  else if (!parser.take_nz_number(replace.number, what))
    return std::nullopt;
  if (!parser.argument_mailbox(replace.mailbox) || !take_append_message(parser, replace.message))
    return std::nullopt;
  return replace;
}

}  // namespace pabal::proto::imap::grammar

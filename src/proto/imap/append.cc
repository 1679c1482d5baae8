#include "proto/imap/grammar.h"
#include "proto/imap/limits.h"

namespace pabal::proto::imap::grammar {

namespace {

constexpr std::string_view kMessageWhat = "the message as a literal like {310}";

// RFC 6855 §4: "UTF8 (~{310}…)", behind its word.
bool take_utf8_literal(Parser& parser, std::string& octets) {
  constexpr std::string_view kWhat = "a literal8 in parentheses: UTF8 (~{310}";
  bool literal8 = false;
  if (!parser.space(kWhat) || !parser.expect('(', kWhat) || !parser.take_literal(octets, literal8, kWhat))
    return false;
  if (!literal8) return parser.reject(parser.name() + ": UTF8 takes a literal8, UTF8 (~{310} and so on");
  return parser.expect(')', "\")\" behind the literal of UTF8");
}

// NUL is for those who send BINARY (RFC 9051 §4.3, RFC 3516 §4.4).
bool take_message_literal(Parser& parser, std::string& octets, bool& literal8, std::string_view what) {
  if (!parser.take_literal(octets, literal8, what)) return false;
  return literal8 || octets.find('\0') == std::string::npos ||
         parser.reject(parser.name() + ": a literal holds no NUL; a literal8 like ~{310} may");
}

// RFC 4469 §3
bool take_catenate_part(Parser& parser, CatenatePart& part) {
  if (parser.skip_word("URL")) {
    part.url = true;
    return parser.argument_astring(part.text, "an IMAP URL behind URL");
  }
  if (parser.skip_word("TEXT")) {
    bool literal8 = false;
    return parser.space("a literal behind TEXT") &&
           take_message_literal(parser, part.text, literal8, "a literal behind TEXT, like TEXT {42}");
  }
  if (parser.skip_word("UTF8")) {
    part.utf8 = true;
    return take_utf8_literal(parser, part.text);
  }
  return parser.fail("URL, TEXT or UTF8 in CATENATE");
}

bool take_data(Parser& parser, AppendMessage& message) {
  if (parser.skip_word("UTF8")) {
    message.utf8 = message.literal8 = true;
    return take_utf8_literal(parser, message.octets);
  }
  if (parser.skip_word("CATENATE")) {
    constexpr std::string_view kWhat = "parts like CATENATE (TEXT {42}";
    message.catenate = true;
    auto part = [&] { return take_catenate_part(parser, message.parts.emplace_back()); };
    if (!parser.space(kWhat) || !parser.take_list(kCatenatePartsMax, kWhat, "parts", part)) return false;
    return !message.parts.empty() || parser.reject(parser.name() + ": CATENATE needs at least one part");
  }
  return take_message_literal(parser, message.octets, message.literal8, kMessageWhat);
}

}  // namespace

// append-message of RFC 4466 §3
bool take_append_message(Parser& parser, AppendMessage& out) {
  if (!parser.space(kMessageWhat)) return false;
  if (parser.peek() == '(' && (!parser.take_flag_list(out.flags) || !parser.space(kMessageWhat)))
    return false;
  if (parser.peek() == '"' &&
      (!parser.take_date_time(out.internal_date.emplace()) || !parser.space(kMessageWhat)))
    return false;
  return take_data(parser, out);
}

// RFC 9051 §6.3.12, RFC 3502
Parsed parse_append(Parser& parser) {
  Append append;
  if (!parser.argument_mailbox(append.mailbox)) return std::nullopt;
  do {
    if (!parser.within(append.messages.size() + 1, kAppendMessagesMax, "messages") ||
        !take_append_message(parser, append.messages.emplace_back()))
      return std::nullopt;
  } while (parser.has_argument());
  return append;
}

}  // namespace pabal::proto::imap::grammar

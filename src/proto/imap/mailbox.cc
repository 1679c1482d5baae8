// Commands that say which mailboxes there are.
#include "proto/imap/grammar.h"
#include "proto/imap/limits.h"

namespace pabal::proto::imap::grammar {

namespace {

// RFC 6154 §3: "(USE (\Drafts \Sent))"
bool take_create_parameter(Parser& parser, std::vector<std::string>& special_use) {
  std::string name;
  if (!parser.take_upper_atom(name, "parameters like (USE (\\Sent))")) return false;
  if (name != "USE") return parser.reject("CREATE: parameter " + name + " is not known; USE is");
  constexpr std::string_view kWhat = "special uses like (\\Sent)";
  auto use = [&] {
    if (parser.peek() != '\\') return parser.fail("special uses with their backslash, like \\Sent");
    return parser.take_flag(special_use.emplace_back());
  };
  return parser.space(kWhat) && parser.take_list(kListOptionsMax, kWhat, "special uses", use);
}

}  // namespace

// RFC 9051 §6.3.4, RFC 4466 §2.2
Parsed parse_create(Parser& parser) {
  Create create;
  if (!parser.argument_mailbox(create.mailbox)) return std::nullopt;
  if (!parser.has_argument()) return create;
  constexpr std::string_view kWhat = "parameters like (USE (\\Sent))";
  auto parameter = [&] { return take_create_parameter(parser, create.special_use); };
  if (!parser.space(kWhat) || !parser.take_list(kListOptionsMax, kWhat, "parameters", parameter))
    return std::nullopt;
  return create;
}

// RFC 9051 §6.3.5
Parsed parse_delete(Parser& parser) {
  Delete command;
  if (!parser.argument_mailbox(command.mailbox)) return std::nullopt;
  return command;
}

// RFC 9051 §6.3.6
Parsed parse_rename(Parser& parser) {
  Rename rename;
  if (!parser.argument_mailbox(rename.from, "an old and a new mailbox name") ||
      !parser.argument_mailbox(rename.to, "a new mailbox name behind the old one"))
    return std::nullopt;
  return rename;
}

// RFC 9051 §6.3.7 and §6.3.8
Parsed parse_subscribe(Parser& parser) {
  Subscribe subscribe{.unsubscribe = parser.name() == "UNSUBSCRIBE"};
  if (!parser.argument_mailbox(subscribe.mailbox)) return std::nullopt;
  return subscribe;
}

}  // namespace pabal::proto::imap::grammar

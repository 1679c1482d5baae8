// RFC 4314 §3
#include <algorithm>

#include "base/bytes.h"
#include "proto/imap/grammar.h"

namespace pabal::proto::imap::grammar {

namespace {

constexpr std::string_view kIdentifier = "an identifier like alice, behind the mailbox name";

}  // namespace

Parsed parse_get_acl(Parser& parser) {
  GetAcl get;
  if (!parser.argument_mailbox(get.mailbox)) return std::nullopt;
  return get;
}

// "SETACL INBOX alice +lrs"
Parsed parse_set_acl(Parser& parser) {
  constexpr std::string_view kRights = "rights like lrswi, +te or -x";
  SetAcl set;
  if (!parser.argument_mailbox(set.mailbox) || !parser.argument_astring(set.identifier, kIdentifier) ||
      !parser.argument_astring(set.rights, kRights))
    return std::nullopt;
  if (set.rights.starts_with('+') || set.rights.starts_with('-')) {
    set.mode = set.rights[0];
    set.rights.erase(0, 1);
  }
  if (!std::ranges::all_of(set.rights, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'z'); })) {
    parser.reject("SETACL: rights are lower-case letters and digits, like lrswi, +te or -x");
    return std::nullopt;
  }
  return set;
}

Parsed parse_delete_acl(Parser& parser) {
  DeleteAcl command;
  if (!parser.argument_mailbox(command.mailbox) || !parser.argument_astring(command.identifier, kIdentifier))
    return std::nullopt;
  return command;
}

Parsed parse_list_rights(Parser& parser) {
  ListRights command;
  if (!parser.argument_mailbox(command.mailbox) || !parser.argument_astring(command.identifier, kIdentifier))
    return std::nullopt;
  return command;
}

Parsed parse_my_rights(Parser& parser) {
  MyRights command;
  if (!parser.argument_mailbox(command.mailbox)) return std::nullopt;
  return command;
}

}  // namespace pabal::proto::imap::grammar

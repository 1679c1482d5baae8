// The commands' grammars, one function per verb: what stands behind the verb
// and its space → a Command. Only command.cc calls them.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "proto/smtp/command.h"

namespace pabal::proto::smtp::grammar {

using Parsed = std::expected<Command, SyntaxError>;

Parsed parse_helo(std::string_view arguments, bool utf8);  // ehlo.cc
Parsed parse_ehlo(std::string_view arguments, bool utf8);
Parsed parse_lhlo(std::string_view arguments, bool utf8);
Parsed parse_mail(std::string_view arguments, bool utf8);  // mail.cc
Parsed parse_rcpt(std::string_view arguments, bool utf8);  // rcpt.cc
Parsed parse_bdat(std::string_view arguments, bool utf8);  // bdat.cc
Parsed parse_vrfy(std::string_view arguments, bool utf8);  // vrfy.cc
Parsed parse_expn(std::string_view arguments, bool utf8);
Parsed parse_auth(std::string_view arguments, bool utf8);  // auth.cc

// 501 5.5.4, the commonest refusal.
std::unexpected<SyntaxError> bad_parameter(std::string text);
// 555 5.5.4 (RFC 5321 §4.1.1.11).
std::unexpected<SyntaxError> unknown_parameter(std::string_view verb, std::string_view keyword);

// One esmtp-param (RFC 5321 §4.1.2).
struct Parameter {
  std::string keyword;     // upper-case
  std::string_view value;  // as written
  bool has_value = false;
};

// What follows the path of MAIL or RCPT: "" or " KEY=VALUE KEY ...". No
// keyword may come twice. Octets above 0x7F in values are let through here
// (ORCPT may have them, RFC 6533 §3).
std::expected<std::vector<Parameter>, SyntaxError> parse_parameters(std::string_view text);

// "FROM:" or "TO:" in any case at the beginning, then the spaces that many
// clients put before the path; moves arguments past them.
bool take_path_keyword(std::string_view& arguments, std::string_view keyword);

}  // namespace pabal::proto::smtp::grammar

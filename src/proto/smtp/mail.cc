#include <algorithm>

#include "base/bytes.h"
#include "proto/smtp/grammar.h"
#include "proto/smtp/xtext.h"

namespace pabal::proto::smtp::grammar {

namespace {

using Checked = std::expected<void, SyntaxError>;

Checked set_size(MailFrom& mail, std::string_view value) {
  // RFC 1870 §3: 1*20DIGIT. What does not fit 64 bits is too big in any case.
  if (value.empty() || value.size() > 20 || !std::ranges::all_of(value, is_digit))
    return bad_parameter("SIZE is a number of octets: SIZE=12345");
  mail.size = parse_uint(value).value_or(UINT64_MAX);
  return {};
}

Checked set_body(MailFrom& mail, std::string_view value) {
  if (iequals(value, "7BIT"))
    mail.body = Body::seven_bit;
  else if (iequals(value, "8BITMIME"))
    mail.body = Body::eight_bit_mime;
  else if (iequals(value, "BINARYMIME"))
    mail.body = Body::binary_mime;
  else
    return bad_parameter("BODY is 7BIT, 8BITMIME or BINARYMIME");
  return {};
}

Checked set_ret(MailFrom& mail, std::string_view value) {
  if (iequals(value, "FULL"))
    mail.ret = Ret::full;
  else if (iequals(value, "HDRS"))
    mail.ret = Ret::headers;
  else
    return bad_parameter("RET is FULL or HDRS");
  return {};
}

Checked set_envid(MailFrom& mail, std::string_view value) {
  // RFC 3461 §4.4: at most 100 characters, and printable when decoded, because
  // it comes back in the DSN's Original-Envelope-Id.
  auto decoded = value.size() <= kEnvidMax ? xtext_decode(value) : std::nullopt;
  if (!decoded || !std::ranges::all_of(*decoded, [](char c) { return c >= ' ' && c <= '~'; }))
    return bad_parameter("ENVID is at most 100 characters of xtext (RFC 3461)");
  mail.envid = *std::move(decoded);
  return {};
}

Checked set_auth(MailFrom& mail, std::string_view value) {
  auto decoded = xtext_decode(value);
  if (!decoded) return bad_parameter("AUTH is <> or an address in xtext (RFC 4954)");
  if (*decoded != "<>" && !mail::parse_address(*decoded, true))
    return bad_parameter("AUTH is <> or an address in xtext (RFC 4954)");
  mail.auth = *std::move(decoded);
  return {};
}

Checked set_parameter(MailFrom& mail, const Parameter& parameter, bool utf8) {
  const std::string& keyword = parameter.keyword;
  if (keyword == "SMTPUTF8" && utf8) {
    if (parameter.has_value) return bad_parameter("SMTPUTF8 takes no value");
    mail.smtputf8 = true;
    return {};
  }
  if (keyword == "SIZE") return set_size(mail, parameter.value);
  if (keyword == "BODY") return set_body(mail, parameter.value);
  if (keyword == "RET") return set_ret(mail, parameter.value);
  if (keyword == "ENVID") return set_envid(mail, parameter.value);
  if (keyword == "AUTH") return set_auth(mail, parameter.value);
  return unknown_parameter("MAIL", keyword);
}

}  // namespace

// RFC 5321 §4.1.1.2: "MAIL FROM:" Reverse-path [SP Mail-parameters]
Parsed parse_mail(std::string_view arguments, bool utf8) {
  if (!take_path_keyword(arguments, "FROM:"))
    return bad_parameter("MAIL is written MAIL FROM:<user@example.org>, or MAIL FROM:<> for a notice");
  auto path = parse_reverse_path(arguments, utf8);
  if (!path) return std::unexpected(std::move(path.error()));
  MailFrom mail{.path = *std::move(path)};

  auto parameters = parse_parameters(arguments);
  if (!parameters) return std::unexpected(std::move(parameters.error()));
  for (const Parameter& parameter : *parameters)
    if (auto set = set_parameter(mail, parameter, utf8); !set) return std::unexpected(std::move(set.error()));

  if (!mail.smtputf8 && mail.path.address && needs_smtputf8(*mail.path.address))
    return std::unexpected(
        SyntaxError{553, "5.6.7", "An address with characters outside ASCII needs the SMTPUTF8 parameter"});
  return mail;
}

}  // namespace pabal::proto::smtp::grammar

#include <algorithm>

#include "base/bytes.h"
#include "proto/smtp/grammar.h"
#include "proto/smtp/xtext.h"

namespace pabal::proto::smtp::grammar {

namespace {

// RFC 3461 §4.1: "NEVER" alone, or a list of the others.
std::optional<NotifySet> parse_notify(std::string_view value) {
  NotifySet notify;
  for (std::string_view word : split(value, ',')) {
    bool* which = iequals(word, "NEVER")     ? &notify.never
                  : iequals(word, "SUCCESS") ? &notify.success
                  : iequals(word, "FAILURE") ? &notify.failure
                  : iequals(word, "DELAY")   ? &notify.delay
                                             : nullptr;
    if (!which || *which) return std::nullopt;
    *which = true;
  }
  if (notify.never && (notify.success || notify.failure || notify.delay)) return std::nullopt;
  return notify;
}

bool is_addr_type(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '-'; });
}

// RFC 3461 §4.2, RFC 6533 §3.
std::optional<Orcpt> parse_orcpt(std::string_view value) {
  size_t semicolon = value.find(';');
  if (value.size() > kOrcptMax || semicolon == std::string_view::npos) return std::nullopt;
  Orcpt orcpt{to_lower(value.substr(0, semicolon)), ""};
  if (!is_addr_type(orcpt.addr_type)) return std::nullopt;
  std::string_view encoded = value.substr(semicolon + 1);
  auto decoded = orcpt.addr_type == "utf-8" ? utf8_addr_xtext_decode(encoded) : xtext_decode(encoded);
  if (!decoded || decoded->empty()) return std::nullopt;
  // It comes back in the DSN's Original-Recipient field and must not break it.
  if (std::ranges::any_of(*decoded, [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }))
    return std::nullopt;
  if (orcpt.addr_type != "utf-8" && !is_ascii(*decoded)) return std::nullopt;
  orcpt.address = *std::move(decoded);
  return orcpt;
}

}  // namespace

// RFC 5321 §4.1.1.3: "RCPT TO:" Forward-path [SP Rcpt-parameters]
Parsed parse_rcpt(std::string_view arguments, bool utf8) {
  if (!take_path_keyword(arguments, "TO:"))
    return bad_parameter("RCPT is written RCPT TO:<user@example.org>");
  auto path = parse_forward_path(arguments, utf8);
  if (!path) return std::unexpected(std::move(path.error()));
  RcptTo rcpt{.path = *std::move(path)};

  auto parameters = parse_parameters(arguments);
  if (!parameters) return std::unexpected(std::move(parameters.error()));
  for (const Parameter& parameter : *parameters) {
    if (parameter.keyword == "NOTIFY") {
      auto notify = parse_notify(parameter.value);
      if (!notify) return bad_parameter("NOTIFY is NEVER alone, or a list of SUCCESS, FAILURE, DELAY");
      rcpt.notify = *notify;
    } else if (parameter.keyword == "ORCPT") {
      rcpt.orcpt = parse_orcpt(parameter.value);
      if (!rcpt.orcpt)
        return bad_parameter("ORCPT is a type and an address in xtext: ORCPT=rfc822;user@example.org");
    } else {
      return unknown_parameter("RCPT", parameter.keyword);
    }
  }
  return rcpt;
}

}  // namespace pabal::proto::smtp::grammar

// Delivery status notifications (RFC 3464, RFC 3461 §6, RFC 6533): what a
// sender is told when mail is late or lost, or on request when it arrived.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "mail/address.h"

namespace pabal::proto::dsn {

enum class Action { failed, delayed, delivered, relayed, expanded };  // RFC 3464 §2.3.3
std::string_view to_text(Action action);

struct RecipientStatus {
  std::string original_recipient;  // "rfc822;a@b" decoded (ORCPT); empty when not known
  std::string final_recipient;     // "a@b", without a type
  Action action = Action::failed;
  std::string status;      // "5.1.1" (RFC 3463)
  std::string remote_mta;  // host name; empty when no server was reached
  // The peer's reply as it came ("550 5.1.1 no such user"); empty when the
  // failure is ours and has no reply.
  std::string diagnostic_code;
  std::optional<Time> last_attempt;
  std::optional<Time> will_retry_until;
  std::string explanation;  // one sentence for people; made from status when empty
};

struct Report {
  std::string reporting_mta;  // host name
  std::string envid;          // decoded; empty when not given
  Time arrival;               // when we accepted the mail
  Time now;
  mail::Address from;          // "postmaster@seoul.test"
  mail::Address to;            // the reverse-path
  std::string message_id;      // without angle brackets, unique
  std::string boundary_token;  // unique within the message: random letters and digits
  std::vector<RecipientStatus> recipients;
  std::string original;      // the whole message as we have it
  bool return_full = false;  // RET=FULL, or our choice; headers alone otherwise
  bool utf8 = false;         // the reverse-path's side takes SMTPUTF8 (RFC 6533)
};

// Largest original that goes back whole; above that only its header.
constexpr size_t kReturnedMessageMax = 1024 * 1024;

// The whole message, CRLF line ends, to be sent with the null reverse-path.
// Its first part says in plain words what happened and what to do. An
// original with octets above 0x7F is returned as message/global or
// text/rfc822-headers in base64 or 8bit so that the report itself stays valid.
std::string build(const Report& report);

// What a machine reads in a report: for tests and checkers.
struct ParsedRecipient {
  std::string original_recipient;  // as written, with its type
  std::string final_recipient;
  std::string action;
  std::string status;
  std::string remote_mta;
  std::string diagnostic_code;
  std::string will_retry_until;
};
struct ParsedReport {
  std::string reporting_mta;
  std::string original_envelope_id;
  std::string arrival_date;
  std::vector<ParsedRecipient> recipients;
};
// nullopt when the message is no multipart/report with a delivery-status part.
std::optional<ParsedReport> parse(std::string_view message);

}  // namespace pabal::proto::dsn

// SMTP and LMTP commands as values (RFC 5321 §4.1, RFC 2033, RFC 3030,
// RFC 3207, RFC 4954). One file per command holds its grammar.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "mail/address.h"
#include "proto/smtp/path.h"
#include "proto/smtp/syntax_error.h"

namespace pabal::proto::smtp {

// Longest command line in octets, without CRLF: 512 (RFC 5321 §4.5.3.1.4) and
// what the extensions add: SIZE 26 (RFC 1870 §3), 8BITMIME 17 (RFC 6152 §3),
// AUTH= 500 (RFC 4954 §3), RET, ENVID, NOTIFY and ORCPT 500+28+... (RFC 3461
// §4, §5.4), SMTPUTF8 10 (RFC 6531 §3.4).
constexpr size_t kCommandLineMax = 2048;
// A SASL response line (RFC 4954 §4): 12288 octets.
constexpr size_t kAuthLineMax = 12288;

constexpr size_t kEnvidMax = 100;  // octets of xtext, RFC 3461 §4.4
constexpr size_t kOrcptMax = 500;  // octets of the parameter's value, RFC 3461 §4.2

enum class Body { seven_bit, eight_bit_mime, binary_mime };  // RFC 6152, RFC 3030
enum class Ret { unset, full, headers };                     // RFC 3461 §4.3

// RFC 3461 §4.1. Nothing set means the sender did not say: as FAILURE (and
// DELAY, at our choice). never stands alone.
struct NotifySet {
  bool never = false;
  bool success = false;
  bool failure = false;
  bool delay = false;

  bool is_unset() const { return !never && !success && !failure && !delay; }
  bool operator==(const NotifySet&) const = default;
};

// "rfc822;user@example.org" (RFC 3461 §4.2): the address the sender wrote,
// decoded from xtext or utf-8-addr-xtext.
struct Orcpt {
  std::string addr_type;  // lower-case: "rfc822", "utf-8"
  std::string address;
  bool operator==(const Orcpt&) const = default;
};

struct Helo {
  std::string domain;
};
struct Ehlo {
  std::string domain;  // or an address literal with its brackets
};
struct Lhlo {
  std::string domain;  // RFC 2033 §4.1
};
struct MailFrom {
  ReversePath path;
  std::optional<uint64_t> size;  // octets, RFC 1870
  Body body = Body::seven_bit;
  bool smtputf8 = false;  // RFC 6531
  Ret ret = Ret::unset;
  std::string envid;                // decoded; empty when not given
  std::optional<std::string> auth;  // decoded; "<>" when the sender is not known (RFC 4954 §5)
};
struct RcptTo {
  mail::Address path;  // empty domain: <postmaster>
  NotifySet notify;
  std::optional<Orcpt> orcpt;
};
struct Data {};
struct Bdat {
  uint64_t size = 0;  // octets of the chunk that follow the CRLF, RFC 3030 §2
  bool last = false;
};
struct Rset {};
struct Noop {};
struct Vrfy {
  std::string text;
};
struct Expn {
  std::string text;
};
struct Help {
  std::string topic;  // upper-case, may be empty
};
struct Quit {};
struct StartTls {};
struct Auth {
  std::string mechanism;                        // upper-case
  std::optional<std::string> initial_response;  // still base64; "" when the client sent "="
};

using Command = std::variant<Helo, Ehlo, Lhlo, MailFrom, RcptTo, Data, Bdat, Rset, Noop, Vrfy, Expn, Help,
                             Quit, StartTls, Auth>;

// One command line without its CRLF. A CR, LF or NUL inside it is an error of
// its own (RFC 5321 §2.3.8). utf8: whether SMTPUTF8 was offered, so that
// octets above 0x7F may appear in paths; MAIL itself demands the SMTPUTF8
// parameter for them, for RCPT and VRFY the session has to.
std::expected<Command, SyntaxError> parse_command(std::string_view line, bool utf8);

// "MAIL", "RCPT", ...: for logs and metrics.
std::string_view verb(const Command& command);

}  // namespace pabal::proto::smtp

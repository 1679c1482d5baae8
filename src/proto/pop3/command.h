// POP3 commands as values (RFC 1939, RFC 2449, RFC 2595, RFC 5034, RFC 6856).
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace pabal::proto::pop3 {

constexpr size_t kCommandLineMax = 255;  // octets with CRLF, RFC 2449 §4
constexpr size_t kAuthLineMax = 12288;   // a SASL response, as in SMTP (RFC 4954 §4)
constexpr size_t kReplyLineMax = 512;    // octets with CRLF, RFC 2449 §4

struct User {
  std::string name;  // may contain spaces in the middle
};
struct Pass {
  std::string password;  // all behind the first space, spaces included (RFC 1939 §7)
};
struct Apop {};  // parsed so that it can be refused by name
struct Auth {
  std::string mechanism;                        // upper-case; empty: list the mechanisms
  std::optional<std::string> initial_response;  // still base64; "" when the client sent "="
};
struct Stls {};
struct Capa {};
struct Stat {};
struct List {
  std::optional<uint32_t> number;  // message numbers begin at 1
};
struct Uidl {
  std::optional<uint32_t> number;
};
struct Retr {
  uint32_t number = 0;
};
struct Dele {
  uint32_t number = 0;
};
struct Top {
  uint32_t number = 0;
  uint32_t lines = 0;
};
struct Noop {};
struct Rset {};
struct Quit {};
struct Utf8 {};  // RFC 6856 §2
struct Lang {
  std::optional<std::string> tag;  // "*", or a language tag; nullopt: list them (RFC 6856 §3)
};

using Command = std::variant<User, Pass, Apop, Auth, Stls, Capa, Stat, List, Uidl, Retr, Dele, Top, Noop,
                             Rset, Quit, Utf8, Lang>;

// What is wrong with a line; the server has a text for each.
enum class Fault : unsigned char {
  takes_no_argument,
  wants_number,
  wants_number_or_nothing,
  wants_number_and_lines,
  wants_mechanism,
  wants_language,
  wants_name,
  wants_password,
  unknown_command,
  bare_line_end,
  not_utf8,
  line_too_long,
};
struct SyntaxError {
  Fault fault;
  std::string verb;  // upper-case
};

// One line without its CRLF.
std::expected<Command, SyntaxError> parse_command(std::string_view line);

// "RETR", ...: for logs and metrics.
std::string_view verb(const Command& command);

}  // namespace pabal::proto::pop3

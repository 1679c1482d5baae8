#include "proto/smtp/command.h"

#include <algorithm>

#include "base/bytes.h"
#include "proto/smtp/grammar.h"

namespace pabal::proto::smtp {

namespace {

using grammar::Parsed;

template <class C>
Parsed without_arguments(std::string_view arguments, std::string_view verb) {
  if (!arguments.empty()) return grammar::bad_parameter(std::string(verb) + " takes no parameters");
  return C{};
}

// The verb is checked before; arguments have no trailing spaces.
Parsed dispatch(std::string_view verb, std::string_view arguments, bool utf8) {
  if (verb == "MAIL") return grammar::parse_mail(arguments, utf8);
  if (verb == "RCPT") return grammar::parse_rcpt(arguments, utf8);
  if (verb == "DATA") return without_arguments<Data>(arguments, verb);
  if (verb == "BDAT") return grammar::parse_bdat(arguments, utf8);
  if (verb == "EHLO") return grammar::parse_ehlo(arguments, utf8);
  if (verb == "HELO") return grammar::parse_helo(arguments, utf8);
  if (verb == "LHLO") return grammar::parse_lhlo(arguments, utf8);
  if (verb == "RSET") return without_arguments<Rset>(arguments, verb);
  if (verb == "NOOP") return Noop{};  // a string behind it is ignored, RFC 5321 §4.1.1.9
  if (verb == "QUIT") return without_arguments<Quit>(arguments, verb);
  if (verb == "VRFY") return grammar::parse_vrfy(arguments, utf8);
  if (verb == "EXPN") return grammar::parse_expn(arguments, utf8);
  if (verb == "HELP") return Help{to_upper(arguments)};
  if (verb == "STARTTLS") return without_arguments<StartTls>(arguments, verb);
  if (verb == "AUTH") return grammar::parse_auth(arguments, utf8);
  return std::unexpected(SyntaxError{500, "5.5.2", "Command not known; HELP lists the commands"});
}

bool has_line_end(std::string_view line) {
  return line.find_first_of("\r\n") != std::string_view::npos;
}

std::optional<SyntaxError> check_octets(std::string_view line, bool utf8) {
  if (std::ranges::any_of(line, [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 0x7f; }))
    return SyntaxError{500, "5.5.2", "Control characters have no place in a command"};
  if (!is_ascii(line)) {
    if (!utf8)
      return SyntaxError{500, "5.5.2", "Only ASCII may stand in a command: SMTPUTF8 is not offered here"};
    if (!is_utf8(line)) return SyntaxError{500, "5.5.2", "The command is not well-formed UTF-8"};
  }
  return std::nullopt;
}

// A client's name for itself may be of any octets (see ehlo.cc).
bool is_hello(std::string_view verb) {
  return verb == "EHLO" || verb == "HELO" || verb == "LHLO";
}

}  // namespace

std::expected<Command, SyntaxError> parse_command(std::string_view line, bool utf8) {
  if (line.size() > std::max(kCommandLineMax, kAuthLineMax))
    return std::unexpected(SyntaxError{500, "5.5.2", "The command line is too long"});
  if (has_line_end(line))
    return std::unexpected(SyntaxError{500, "5.5.2", "Bare CR or LF in a command: lines must end in CR LF"});

  // RFC 5321 §4.1.1: trailing white space before the CRLF is tolerated.
  while (!line.empty() && is_wsp(line.back())) line.remove_suffix(1);
  if (line.empty()) return std::unexpected(SyntaxError{500, "5.5.2", "An empty line is no command"});

  size_t space = line.find_first_of(" \t");
  std::string_view arguments;
  if (space != std::string_view::npos) {
    arguments = line.substr(space);
    arguments.remove_prefix(arguments.find_first_not_of(" \t"));
  }
  std::string verb = to_upper(line.substr(0, space));
  auto error = check_octets(is_hello(verb) ? verb : line, utf8);
  if (error) return std::unexpected(*std::move(error));
  // Only an initial SASL response may be that long (RFC 4954 §4).
  if (line.size() > kCommandLineMax && verb != "AUTH")
    return std::unexpected(SyntaxError{500, "5.5.2", "The command line is too long"});
  return dispatch(verb, arguments, utf8);
}

std::string_view verb(const Command& command) {
  static constexpr std::string_view kVerbs[] = {"HELO", "EHLO", "LHLO", "MAIL",     "RCPT",
                                                "DATA", "BDAT", "RSET", "NOOP",     "VRFY",
                                                "EXPN", "HELP", "QUIT", "STARTTLS", "AUTH"};
  static_assert(std::size(kVerbs) == std::variant_size_v<Command>);
  return kVerbs[command.index()];
}

}  // namespace pabal::proto::smtp

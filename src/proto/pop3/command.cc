#include "proto/pop3/command.h"

#include <algorithm>
#include <iterator>

#include "base/bytes.h"

namespace pabal::proto::pop3 {

namespace {

using Parsed = std::expected<Command, SyntaxError>;

std::unexpected<SyntaxError> bad(Fault fault, std::string_view verb) {
  return std::unexpected(SyntaxError{fault, std::string(verb)});
}

std::string_view without_trailing_spaces(std::string_view text) {
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> out;
  for (std::string_view word : split(text, ' '))
    if (!word.empty()) out.push_back(word);
  return out;
}

std::optional<uint32_t> number(std::string_view text) {
  auto value = parse_uint(text);
  if (!value || *value > UINT32_MAX) return std::nullopt;
  return static_cast<uint32_t>(*value);
}

// Message numbers begin at 1 (RFC 1939 §5).
std::optional<uint32_t> message_number(std::string_view text) {
  auto value = number(text);
  return value == 0u ? std::nullopt : value;
}

template <class C>
Parsed without_arguments(std::string_view arguments, std::string_view verb) {
  if (!without_trailing_spaces(arguments).empty()) return bad(Fault::takes_no_argument, verb);
  return C{};
}

template <class C>
Parsed one_message(std::string_view arguments, std::string_view verb) {
  auto n = message_number(without_trailing_spaces(arguments));
  if (!n) return bad(Fault::wants_number, verb);
  return C{*n};
}

template <class C>
Parsed maybe_message(std::string_view arguments, std::string_view verb) {
  if (without_trailing_spaces(arguments).empty()) return C{};
  auto n = message_number(without_trailing_spaces(arguments));
  if (!n) return bad(Fault::wants_number_or_nothing, verb);
  return C{*n};
}

Parsed parse_top(std::string_view arguments) {
  auto parts = words(arguments);
  auto message = parts.size() == 2 ? message_number(parts[0]) : std::nullopt;
  auto lines = parts.size() == 2 ? number(parts[1]) : std::nullopt;
  if (!message || !lines) return bad(Fault::wants_number_and_lines, "TOP");
  return Top{*message, *lines};
}

// RFC 5034 §4: "AUTH" [SP mechanism [SP initial-response]]
Parsed parse_auth(std::string_view arguments) {
  auto parts = words(arguments);
  if (parts.size() > 2) return bad(Fault::wants_mechanism, "AUTH");
  Auth auth;
  if (!parts.empty()) auth.mechanism = to_upper(parts[0]);
  if (parts.size() == 2) auth.initial_response = parts[1] == "=" ? std::string() : std::string(parts[1]);
  return auth;
}

Parsed parse_lang(std::string_view arguments) {
  auto parts = words(arguments);
  if (parts.empty()) return Lang{};
  bool tag =
      parts.size() == 1 &&
      (parts[0] == "*" || std::ranges::all_of(parts[0], [](char c) { return is_alnum(c) || c == '-'; }));
  if (!tag) return bad(Fault::wants_language, "LANG");
  return Lang{std::string(parts[0])};
}

Parsed parse_user(std::string_view arguments) {
  std::string_view name = trim(arguments);
  if (name.empty()) return bad(Fault::wants_name, "USER");
  return User{std::string(name)};
}

Parsed dispatch(std::string_view verb, std::string_view arguments) {
  if (verb == "USER") return parse_user(arguments);
  if (verb == "PASS") {
    if (arguments.empty()) return bad(Fault::wants_password, verb);
    return Pass{std::string(arguments)};
  }
  if (verb == "RETR") return one_message<Retr>(arguments, verb);
  if (verb == "DELE") return one_message<Dele>(arguments, verb);
  if (verb == "LIST") return maybe_message<List>(arguments, verb);
  if (verb == "UIDL") return maybe_message<Uidl>(arguments, verb);
  if (verb == "TOP") return parse_top(arguments);
  if (verb == "STAT") return without_arguments<Stat>(arguments, verb);
  if (verb == "NOOP") return without_arguments<Noop>(arguments, verb);
  if (verb == "RSET") return without_arguments<Rset>(arguments, verb);
  if (verb == "QUIT") return without_arguments<Quit>(arguments, verb);
  if (verb == "CAPA") return without_arguments<Capa>(arguments, verb);
  if (verb == "STLS") return without_arguments<Stls>(arguments, verb);
  if (verb == "UTF8") return without_arguments<Utf8>(arguments, verb);
  if (verb == "AUTH") return parse_auth(arguments);
  if (verb == "LANG") return parse_lang(arguments);
  if (verb == "APOP") return Apop{};
  return bad(Fault::unknown_command, verb);
}

}  // namespace

std::expected<Command, SyntaxError> parse_command(std::string_view line) {
  size_t space = line.find(' ');
  std::string verb = to_upper(line.substr(0, std::min(space, size_t{16})));
  size_t max = verb == "AUTH" ? kAuthLineMax : kCommandLineMax - 2;
  if (line.size() > max) return bad(Fault::line_too_long, verb);
  if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos)
    return bad(Fault::bare_line_end, verb);
  if (!is_utf8(line)) return bad(Fault::not_utf8, verb);
  std::string_view arguments = space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
  return dispatch(verb, arguments);
}

std::string_view verb(const Command& command) {
  static constexpr std::string_view kVerbs[] = {"USER", "PASS", "APOP", "AUTH", "STLS", "CAPA",
                                                "STAT", "LIST", "UIDL", "RETR", "DELE", "TOP",
                                                "NOOP", "RSET", "QUIT", "UTF8", "LANG"};
  static_assert(std::size(kVerbs) == std::variant_size_v<Command>);
  return kVerbs[command.index()];
}

}  // namespace pabal::proto::pop3

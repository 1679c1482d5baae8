#include "proto/smtp/path.h"

#include "base/bytes.h"

namespace pabal::proto::smtp {

namespace {

enum class Direction { reverse, forward };

// RFC 5321 §4.2.3: 553 "mailbox name not allowed (e.g., mailbox syntax
// incorrect)"; X.1.7 bad sender's, X.1.3 bad destination mailbox address syntax.
std::unexpected<SyntaxError> bad_address(Direction direction, std::string text) {
  return std::unexpected(
      SyntaxError{553, direction == Direction::reverse ? "5.1.7" : "5.1.3", std::move(text)});
}

// Past a quoted-string; npos when it does not end.
size_t skip_quoted(std::string_view text, size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\')
      ++at;
    else if (text[at] == '"')
      return at + 1;
  }
  return std::string_view::npos;
}

// The offset of the '>' that closes the path; a quoted local-part may contain
// others.
size_t closing_bracket(std::string_view text) {
  size_t at = 1;
  while (at < text.size()) {
    if (text[at] == '>') return at;
    if (text[at] == '"') {
      at = skip_quoted(text, at);
      if (at == std::string_view::npos) return at;
    } else {
      ++at;
    }
  }
  return std::string_view::npos;
}

// Takes "<...>" off the front of text and a source route off its inside.
std::expected<std::string_view, SyntaxError> take_path(std::string_view& text, Direction direction) {
  if (text.empty() || text[0] != '<') {
    std::string example =
        direction == Direction::reverse ? "MAIL FROM:<user@example.org>" : "RCPT TO:<user@example.org>";
    return std::unexpected(SyntaxError{501, "5.5.4", "The address must stand in angle brackets: " + example});
  }
  size_t close = closing_bracket(text);
  if (close == std::string_view::npos)
    return std::unexpected(SyntaxError{501, "5.5.4", "The angle bracket before the address is never closed"});
  std::string_view path = text.substr(1, close - 1);
  text.remove_prefix(close + 1);
  if (path.size() + 2 > kPathMax)
    return bad_address(direction, "The address is longer than " + std::to_string(kPathMax - 2) + " octets");

  // A-d-l ":" Mailbox, RFC 5321 §4.1.2 and Appendix C.
  if (path.starts_with('@')) {
    size_t colon = path.find(':');
    if (colon == std::string_view::npos)
      return bad_address(direction, "A source route must end in ':' and the address");
    for (std::string_view hop : split(path.substr(0, colon), ','))
      if (!hop.starts_with('@') || !mail::is_domain(hop.substr(1), true))
        return bad_address(direction, "The source route is malformed; the address alone is enough");
    path.remove_prefix(colon + 1);
  }
  return path;
}

std::expected<mail::Address, SyntaxError> parse_mailbox(std::string_view path, Direction direction,
                                                        bool utf8) {
  auto address = mail::parse_address(path, utf8);
  if (!address) return bad_address(direction, "The address is not valid: " + address.error());
  return *std::move(address);
}

}  // namespace

std::string ReversePath::to_text() const {
  return address ? path_text(*address) : std::string();
}

std::string path_text(const mail::Address& address) {
  return address.domain.empty() ? address.local : mail::to_string(address);
}

std::expected<ReversePath, SyntaxError> parse_reverse_path(std::string_view& text, bool utf8) {
  auto path = take_path(text, Direction::reverse);
  if (!path) return std::unexpected(std::move(path.error()));
  if (path->empty()) return ReversePath{};
  auto address = parse_mailbox(*path, Direction::reverse, utf8);
  if (!address) return std::unexpected(std::move(address.error()));
  return ReversePath{*std::move(address)};
}

std::expected<mail::Address, SyntaxError> parse_forward_path(std::string_view& text, bool utf8) {
  auto path = take_path(text, Direction::forward);
  if (!path) return std::unexpected(std::move(path.error()));
  if (path->empty()) return bad_address(Direction::forward, "A recipient must have an address");
  if (iequals(*path, "postmaster")) return mail::Address{std::string(*path), ""};
  return parse_mailbox(*path, Direction::forward, utf8);
}

bool needs_smtputf8(const mail::Address& address) {
  return !is_ascii(address.local) || !is_ascii(address.domain);
}

}  // namespace pabal::proto::smtp

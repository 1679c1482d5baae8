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

// The offset of the '>' that closes a path, or of the blank behind one without
// brackets; a quoted local-part may contain others.
size_t end_of_path(std::string_view text, size_t at, bool (*ends)(char)) {
  while (at < text.size() && !ends(text[at])) {
    if (text[at] != '"') {
      ++at;
      continue;
    }
    at = skip_quoted(text, at);
    if (at == std::string_view::npos) return at;
  }
  return at;
}

// Past the comment at `at` (RFC 5322 §3.2.2); `at` itself when it does not end.
size_t skip_comment(std::string_view text, size_t at) {
  int depth = 0;
  for (size_t i = at; i < text.size(); ++i) {
    if (text[i] == '\\')
      ++i;
    else if (text[i] == '(')
      ++depth;
    else if (text[i] == ')' && --depth == 0)
      return i + 1;
  }
  return at;
}

// The path without comments, and without the blanks that mean nothing: at its
// ends, around '@' and dots.
std::string without_comments(std::string_view path) {
  std::string out;
  bool blank = false;
  bool comments_end = true;  // once one does not, none is looked for again
  for (size_t at = 0; at < path.size();) {
    size_t next = is_wsp(path[at]) ? at + 1 : at;
    if (path[at] == '(' && comments_end) {
      next = skip_comment(path, at);
      comments_end = next > at;
    }
    if (next > at) {
      blank = true;
      at = next;
      continue;
    }
    size_t end = path[at] == '"' ? skip_quoted(path, at) : at + 1;
    if (end == std::string_view::npos) end = path.size();
    auto joins = [](char c) { return c == '@' || c == '.'; };
    if (blank && !out.empty() && !joins(out.back()) && !joins(path[at])) out += ' ';
    blank = false;
    out += path.substr(at, end - at);
    at = end;
  }
  return out;
}

std::unexpected<SyntaxError> no_path(Direction direction) {
  std::string example =
      direction == Direction::reverse ? "MAIL FROM:<user@example.org>" : "RCPT TO:<user@example.org>";
  return std::unexpected(SyntaxError{501, "5.5.4", "An address must follow: " + example});
}

// Takes a path without brackets off the front of text.
std::expected<std::string_view, SyntaxError> take_bare(std::string_view& text, Direction direction) {
  size_t end = end_of_path(text, 0, [](char c) { return is_wsp(c); });
  std::string_view path = text.substr(0, end);
  bool parameter = path.find('=') != std::string_view::npos && path.find('@') == std::string_view::npos;
  if (path.empty() || parameter) return no_path(direction);
  text.remove_prefix(path.size());
  if (path.ends_with('>')) path.remove_suffix(1);  // its '<' was forgotten
  return path;
}

// Takes "<Scanner <scanner@example.org>>" off the front of text, which is what people
// write into a device's field for the address; nullopt: it is none.
std::optional<std::string_view> take_named(std::string_view& text) {
  size_t inner = end_of_path(text, 1, [](char c) { return c == '<' || c == '>'; });
  if (inner >= text.size() || inner == 1 || text[inner] != '<') return std::nullopt;
  size_t close = end_of_path(text, inner + 1, [](char c) { return c == '>'; });
  if (close >= text.size() || text.substr(close, 2) != ">>") return std::nullopt;
  std::string_view path = text.substr(inner + 1, close - inner - 1);
  text.remove_prefix(close + 2);
  return path;
}

// Takes "<...>" or "<<...>>" off the front of text.
std::expected<std::string_view, SyntaxError> take_bracketed(std::string_view& text) {
  if (auto named = take_named(text)) return *named;
  size_t brackets = text.find_first_not_of('<');
  size_t close = brackets == std::string_view::npos
                     ? brackets
                     : end_of_path(text, brackets, [](char c) { return c == '>'; });
  bool closed = close < text.size() && text.substr(close, brackets) == std::string(brackets, '>');
  if (!closed)
    return std::unexpected(SyntaxError{501, "5.5.4", "The angle bracket before the address is never closed"});
  std::string_view path = text.substr(brackets, close - brackets);
  text.remove_prefix(close + brackets);
  if (text.starts_with(',') || text.starts_with(';')) text.remove_prefix(1);  // as between several
  return path;
}

// Takes a path off the front of text and a source route off its inside.
std::expected<std::string, SyntaxError> take_path(std::string_view& text, Direction direction) {
  auto taken = text.starts_with('<') ? take_bracketed(text) : take_bare(text, direction);
  if (!taken) return std::unexpected(std::move(taken.error()));
  std::string path = without_comments(*taken);

  // A-d-l ":" Mailbox, RFC 5321 §4.1.2 and Appendix C.
  if (path.starts_with('@')) {
    size_t colon = path.find(':');
    if (colon == std::string::npos)
      return bad_address(direction, "A source route must end in ':' and the address");
    for (std::string_view hop : split(std::string_view(path).substr(0, colon), ','))
      if (!hop.starts_with('@') || !mail::is_domain(hop.substr(1), true))
        return bad_address(direction, "The source route is malformed; the address alone is enough");
    path.erase(0, colon + 1);
  }
  return path;
}

// A local-part alone has an empty domain.
std::expected<mail::Address, SyntaxError> parse_mailbox(std::string_view path, Direction direction,
                                                        bool utf8) {
  auto address = mail::parse_address(path, utf8);
  if (address) return *std::move(address);
  if (auto alone = mail::parse_address(std::string(path) + "@localhost", utf8)) {
    alone->domain.clear();
    return *std::move(alone);
  }
  return bad_address(direction, "The address is not valid: " + address.error());
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
  return parse_mailbox(*path, Direction::forward, utf8);
}

bool needs_smtputf8(const mail::Address& address) {
  return !is_ascii(address.local) || !is_ascii(address.domain);
}

}  // namespace pabal::proto::smtp

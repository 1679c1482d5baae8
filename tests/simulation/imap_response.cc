#include "imap_response.h"

#include <algorithm>

#include "base/bytes.h"

namespace pabal::simulation {

namespace {

constexpr int kDepthMax = 250;

bool is_status(std::string_view word) {
  return iequals(word, "OK") || iequals(word, "NO") || iequals(word, "BAD") || iequals(word, "BYE") ||
         iequals(word, "PREAUTH");
}

std::string_view word_at(std::string_view line, size_t at) {
  if (at >= line.size()) return {};
  std::string_view rest = line.substr(at);
  return rest.substr(0, rest.find_first_of(" \r\n"));
}

// Free text stands at its end, and no literal.
bool ends_with_text(std::string_view line) {
  size_t space = line.find(' ');
  if (space == std::string_view::npos) return true;
  return line.starts_with("+") || is_status(word_at(line, space + 1));
}

// The {n} at the end of a line (without its CRLF).
std::optional<uint64_t> literal_at_end(std::string_view line) {
  size_t open = line.rfind('{');
  if (!line.ends_with('}') || open == std::string_view::npos) return std::nullopt;
  return parse_uint(line.substr(open + 1, line.size() - open - 2));
}

struct Malformed {
  std::string what;
};

class Parser {
 public:
  Parser(std::string_view octets, bool eight_bit) : in_(octets), eight_bit_(eight_bit) {}

  ImapResponse parse() {
    ImapResponse response;
    response.tag = word_at(in_, 0);
    at_ = response.tag.size();
    if (response.tag.empty()) fail("no tag");
    for (char c : response.tag) {
      if (c <= ' ' || c > '~' || c == '"' || c == '{' || c == '(' || c == ')')
        fail("a tag of other characters");
    }
    if (response.tag == "+") {
      if (peek() == ' ') ++at_;
      response.text = text();
      return response;
    }
    take(' ');
    if (is_status(word_at(in_, at_))) {
      response.values.push_back({.kind = ImapValue::atom, .text = std::string(word_at(in_, at_))});
      at_ += response.values[0].text.size();
      take(' ');
      if (peek() == '[') {
        ++at_;
        response.code = values(']', 0);
        take(']');
        take(' ');
      }
      response.text = text();
      return response;
    }
    if (response.tag != "*") fail("a tagged response that is no status");
    response.values = values('\r', 0);
    if (in_.substr(at_) != "\r\n") fail("something behind its end");
    return response;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Malformed{what + ", at octet " + std::to_string(at_)};
  }
  char peek() const { return at_ < in_.size() ? in_[at_] : '\0'; }
  void take(char c) {
    if (peek() != c) fail(std::string("no '") + c + "'");
    ++at_;
  }

  std::string text() {
    std::string_view rest = in_.substr(at_);
    if (!rest.ends_with("\r\n")) fail("no CRLF");
    rest.remove_suffix(2);
    if (rest.empty()) return {};
    for (char c : rest) {
      if (c == '\0' || c == '\r' || c == '\n') fail("a control character in its text");
      if (static_cast<unsigned char>(c) >= 0x80 && !eight_bit_) fail("eight bits in its text");
    }
    at_ = in_.size();
    return std::string(rest);
  }

  std::vector<ImapValue> values(char end, int depth) {
    if (depth > kDepthMax) fail("too deep");
    std::vector<ImapValue> out;
    while (peek() != end) {
      // Bodies, addresses and threads stand without a blank between them.
      bool adjacent = !out.empty() && out.back().kind == ImapValue::list && peek() == '(';
      if (!out.empty() && !adjacent) take(' ');
      out.push_back(value(end, depth));
    }
    return out;
  }

  ImapValue value(char end, int depth) {
    switch (peek()) {
      case '(': {
        ++at_;
        ImapValue list{.kind = ImapValue::list, .text = {}, .items = values(')', depth + 1)};
        take(')');
        return list;
      }
      case '"':
        return quoted();
      case '~':
      case '{':
        return literal();
      default:
        return atom(end);
    }
  }

  ImapValue quoted() {
    ImapValue out{.kind = ImapValue::string};
    for (++at_; peek() != '"'; ++at_) {
      if (at_ >= in_.size() || in_[at_] == '\0' || in_[at_] == '\r' || in_[at_] == '\n')
        fail("a quoted string without an end");
      if (in_[at_] == '\\') {
        ++at_;
        if (peek() != '"' && peek() != '\\') fail("a backslash before neither a quote nor a backslash");
      }
      if (static_cast<unsigned char>(in_[at_]) >= 0x80 && !eight_bit_) fail("eight bits in a quoted string");
      out.text += in_[at_];
    }
    ++at_;
    return out;
  }

  ImapValue literal() {
    bool binary = peek() == '~';
    if (binary) ++at_;
    take('{');
    size_t close = in_.find('}', at_);
    if (close == std::string_view::npos) fail("a literal without '}'");
    std::optional<uint64_t> octets = parse_uint(in_.substr(at_, close - at_));
    if (!octets) fail("a literal without a number");
    at_ = close + 1;
    take('\r');
    take('\n');
    if (*octets > in_.size() - at_) fail("a literal beyond the end");
    ImapValue out{.kind = ImapValue::string, .text = std::string(in_.substr(at_, *octets))};
    if (!binary && out.text.find('\0') != std::string::npos) fail("NUL in a literal");
    at_ += *octets;
    return out;
  }

  ImapValue atom(char end) {
    size_t begin = at_;
    bool section = false;  // BODY[HEADER.FIELDS (To)]
    for (;; ++at_) {
      char c = peek();
      if (at_ >= in_.size() || c == '\r' || c == '\n') break;
      if (!section && (c == ' ' || c == '(' || c == ')' || c == end)) break;
      if (c < ' ' || c == 0x7f || c == '{' || (c == '"' && !section)) fail("an atom with other characters");
      if (c == '[') section = true;
      if (c == ']') section = false;
    }
    if (at_ == begin) fail("nothing where a value should be");
    return {.kind = ImapValue::atom, .text = std::string(in_.substr(begin, at_ - begin))};
  }

  std::string_view in_;
  size_t at_ = 0;
  bool eight_bit_;
};

}  // namespace

bool ImapValue::is(std::string_view word) const {
  return kind == atom && iequals(text, word);
}

std::optional<uint64_t> ImapValue::number() const {
  return kind == atom ? parse_uint(text) : std::nullopt;
}

size_t response_octets(std::string_view buffered, size_t& from) {
  for (;;) {
    size_t end = buffered.find("\r\n", from);
    if (end == std::string_view::npos) return 0;
    std::optional<uint64_t> literal = literal_at_end(buffered.substr(from, end - from));
    if (!literal || ends_with_text(buffered.substr(0, end))) return end + 2;
    if (*literal > buffered.size() - (end + 2)) return 0;
    from = end + 2 + *literal;
  }
}

std::expected<ImapResponse, std::string> parse_response(std::string_view octets, bool eight_bit) {
  try {
    return Parser(octets, eight_bit).parse();
  } catch (const Malformed& e) {
    return std::unexpected(e.what + " in: " + printable(octets.substr(0, 300)));
  }
}

std::vector<uint32_t> numbers_of_set(std::string_view set, size_t max) {
  std::vector<uint32_t> numbers;
  for (std::string_view part : split(set, ',')) {
    size_t colon = part.find(':');
    uint64_t first = parse_uint(part.substr(0, colon)).value_or(0);
    uint64_t last = colon == std::string_view::npos ? first : parse_uint(part.substr(colon + 1)).value_or(0);
    if (first > last) std::swap(first, last);
    for (uint64_t n = first; n <= last && n != 0 && numbers.size() < max; ++n)
      numbers.push_back(static_cast<uint32_t>(n));
  }
  return numbers;
}

bool has_number(const std::vector<uint32_t>& numbers, uint64_t number) {
  return std::ranges::find(numbers, number) != numbers.end();
}

std::string set_of_numbers(const std::vector<uint32_t>& numbers) {
  std::string set;
  for (uint32_t number : numbers) set += (set.empty() ? "" : ",") + std::to_string(number);
  return set;
}

}  // namespace pabal::simulation

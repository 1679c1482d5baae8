#include "base/bytes.h"
#include "sim/dialogue.h"

namespace pabal::sim {

namespace {

constexpr std::string_view kEllipsis = "\u2026";

std::optional<std::string> unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    if (++i == text.size()) return std::nullopt;
    switch (text[i]) {
      case 'r':
        out += '\r';
        break;
      case 'n':
        out += '\n';
        break;
      case 't':
        out += '\t';
        break;
      case '\\':
        out += '\\';
        break;
      case 'x': {
        auto octet = from_hex(text.substr(i + 1, 2));
        if (!octet || octet->size() != 1) return std::nullopt;
        out += *octet;
        i += 2;
        break;
      }
      default:
        return std::nullopt;
    }
  }
  return out;
}

std::optional<std::chrono::microseconds> parse_duration(std::string_view text) {
  size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  auto count = parse_uint(text.substr(0, digits));
  if (!count || *count > 1'000'000'000) return std::nullopt;
  auto n = static_cast<int64_t>(*count);
  std::string_view unit = text.substr(digits);
  if (unit == "ms") return std::chrono::milliseconds(n);
  if (unit == "s") return std::chrono::seconds(n);
  if (unit == "m") return std::chrono::minutes(n);
  if (unit == "h") return std::chrono::hours(n);
  if (unit == "d") return std::chrono::days(n);
  return std::nullopt;
}

// What stands behind `prefix` and one space.
std::optional<std::string_view> behind(std::string_view line, std::string_view prefix) {
  if (!line.starts_with(prefix)) return std::nullopt;
  line.remove_prefix(prefix.size());
  if (line.starts_with(' ')) line.remove_prefix(1);
  return line;
}

std::expected<DialogueStep, const char*> parse_step(std::string_view line) {
  if (auto text = behind(line, "C:")) return DialogueStep{DialogueStep::send, std::string(*text) + "\r\n"};
  if (auto text = behind(line, "C*:")) {
    auto bytes = unescape(*text);
    if (!bytes) return std::unexpected(R"(escapes are \r \n \t \\ and \xNN)");
    return DialogueStep{DialogueStep::send, *bytes};
  }
  if (auto text = behind(line, "S:")) return DialogueStep{DialogueStep::expect, std::string(*text)};
  if (auto text = behind(line, "S...:")) return DialogueStep{DialogueStep::expect_until, std::string(*text)};
  if (auto text = behind(line, "WAIT ")) {
    auto time = parse_duration(trim(*text));
    if (!time) return std::unexpected("WAIT needs a time such as 300s, 5m or 2h");
    return DialogueStep{DialogueStep::wait, {}, *time};
  }
  if (trim(line) == "CLOSE") return DialogueStep{DialogueStep::close, {}};
  if (trim(line) == "EOF") return DialogueStep{DialogueStep::eof, {}};
  return std::unexpected("a line begins with C: C*: S: S...: WAIT CLOSE EOF or #");
}

// The literal pieces between wildcards; one piece: no wildcard.
std::vector<std::string> pieces_of(std::string_view pattern) {
  std::vector<std::string> pieces(1);
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size() && (pattern[i + 1] == '*' || pattern[i + 1] == '\\')) {
      pieces.back() += pattern[++i];
    } else if (pattern[i] == '*') {
      pieces.emplace_back();
    } else if (pattern.substr(i).starts_with(kEllipsis)) {
      pieces.emplace_back();
      i += kEllipsis.size() - 1;
    } else {
      pieces.back() += pattern[i];
    }
  }
  return pieces;
}

}  // namespace

bool matches(std::string_view pattern, std::string_view text) {
  std::vector<std::string> pieces = pieces_of(pattern);
  if (pieces.size() == 1) return text == pieces[0];
  if (!text.starts_with(pieces.front())) return false;
  text.remove_prefix(pieces.front().size());
  if (!text.ends_with(pieces.back())) return false;
  text.remove_suffix(pieces.back().size());
  for (size_t i = 1; i + 1 < pieces.size(); ++i) {
    size_t at = text.find(pieces[i]);
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + pieces[i].size());
  }
  return true;
}

std::expected<Dialogue, std::string> parse_dialogue(std::string_view text) {
  Dialogue dialogue;
  size_t number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (trim(line).empty() || line.starts_with('#')) continue;
    auto step = parse_step(line);
    if (!step) return std::unexpected("line " + std::to_string(number) + ": " + step.error());
    step->line = number;
    bool pipelined =
        step->kind == DialogueStep::send && !dialogue.empty() && dialogue.back().kind == DialogueStep::send;
    if (pipelined) {
      dialogue.back().text += step->text;
    } else {
      dialogue.push_back(std::move(*step));
    }
  }
  return dialogue;
}

}  // namespace pabal::sim

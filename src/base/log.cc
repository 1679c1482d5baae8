#include "base/log.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/visible.h"

namespace pabal {

static std::string_view name(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
  }
  return "?";
}

static std::string json_unit(char32_t c) {
  // Above U+FFFF as a pair of surrogates (RFC 8259 §7).
  if (c > 0xFFFF) return json_unit(0xD7C0 + (c >> 10)) + json_unit(0xDC00 + (c & 0x3FF));
  std::string octets = {static_cast<char>(c >> 8), static_cast<char>(c & 0xFF)};
  return "\\u" + to_hex(octets);
}

// What nearly all text is: stands in JSON as it is.
static bool plain(char c) {
  return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

// Every delivery writes some twenty facts through here, so that plain text goes in one piece.
std::string json_escape(std::string_view text) {
  std::string out;
  for (;;) {
    const auto run = static_cast<size_t>(std::ranges::find_if_not(text, plain) - text.begin());
    out += text.substr(0, run);
    text.remove_prefix(run);
    if (text.empty()) return out;
    Character c = first_character(text);
    if (c.value == '"' || c.value == '\\') {
      out += '\\';
      out += text[0];
    } else if (!c.well_formed) {
      out += "\\u00" + to_hex(text.substr(0, 1));
    } else if (steers_display(c.value)) {
      out += json_unit(c.value);
    } else {
      out += text.substr(0, c.octets);
    }
    text.remove_prefix(c.octets);
  }
}

std::string format_text(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  std::string out(name(level));
  out += ' ';
  out += event;
  for (const LogField& f : fields) {
    out += ' ';
    out += f.key;
    out += '=';
    if (f.is_number) {
      out += std::to_string(f.number);
    } else if (f.text.find_first_of(" \"=") != std::string_view::npos || f.text.empty()) {
      out += '"' + json_escape(printable(f.text)) + '"';
    } else {
      out += printable(f.text);
    }
  }
  return out;
}

std::string format_json(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  std::string out = "\"level\":\"" + std::string(name(level)) + "\",\"event\":\"" + json_escape(event) + '"';
  for (const LogField& f : fields) {
    out += ",\"" + json_escape(f.key) + "\":";
    out += f.is_number ? std::to_string(f.number) : '"' + json_escape(f.text) + '"';
  }
  return out;
}

}  // namespace pabal

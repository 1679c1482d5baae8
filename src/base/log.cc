#include "base/log.h"

#include "base/bytes.h"

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

std::string json_escape(std::string_view text) {
  std::string out;
  bool utf8 = is_utf8(text);
  for (char c : text) {
    unsigned char u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (u < 0x20 || u == 0x7F || (u >= 0x80 && !utf8)) {
      out += "\\u00";
      out += to_hex(std::string_view(&c, 1));
    } else {
      out += c;
    }
  }
  return out;
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

#include "mail/flowed.h"

#include <algorithm>
#include <string>

namespace pabal::mail {
namespace {

struct Line {
  size_t depth = 0;  // quote marks
  std::string_view text;
};

Line take_line(std::string_view& text) {
  size_t lf = text.find('\n');
  Line line{0, text.substr(0, lf)};
  text.remove_prefix(lf == std::string_view::npos ? text.size() : lf + 1);
  if (line.text.ends_with('\r')) line.text.remove_suffix(1);
  return line;
}

std::string marks(size_t depth) {
  std::string out;
  for (size_t i = 0; i < depth; ++i) out += "> ";
  return out;
}

constexpr std::string_view signature = "-- ";  // RFC 3676 §4.3: never flows

}  // namespace

std::string flowed_decode(std::string_view text, bool delsp) {
  std::string out;
  out.reserve(text.size());
  bool open = false;  // the paragraph goes on
  size_t open_depth = 0;
  while (!text.empty()) {
    Line line = take_line(text);
    while (line.text.starts_with('>')) {
      ++line.depth;
      line.text.remove_prefix(1);
    }
    if (line.text.starts_with(' ')) line.text.remove_prefix(1);  // space-stuffing, §4.4
    bool is_signature = line.text == signature;
    // Another quote depth ends a paragraph, whatever its last line said (§4.5).
    if (open && (line.depth != open_depth || is_signature)) {
      out += '\n';
      open = false;
    }
    if (!open) out += marks(line.depth);
    bool flows = line.text.ends_with(' ') && !is_signature;
    if (flows && delsp) line.text.remove_suffix(1);
    out += line.text;
    if (!flows) out += '\n';
    open = flows;
    open_depth = line.depth;
  }
  if (open) out += '\n';
  return out;
}

}  // namespace pabal::mail

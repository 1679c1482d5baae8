#include "proto/smtp/reply.h"

#include "base/bytes.h"

namespace pabal::proto::smtp {

namespace {

// Appends text that cannot break the line; cut to max octets without cutting
// a UTF-8 character in two.
void append_safe(std::string& out, std::string_view text, size_t max) {
  bool utf8 = is_utf8(text);
  if (text.size() > max) {
    while (max > 0 && (static_cast<unsigned char>(text[max]) & 0xC0) == 0x80) --max;
    text = text.substr(0, max);
  }
  for (char c : text) {
    bool control = (c >= 0 && c < ' ' && c != '\t') || c == 0x7f;
    bool foreign = static_cast<unsigned char>(c) >= 0x80 && !utf8;
    out += control || foreign ? '?' : c;
  }
}

}  // namespace

std::string Reply::text() const {
  return join(lines, " ");
}

std::string to_wire(const Reply& reply) {
  static const std::vector<std::string> kOneEmpty = {""};
  const auto& lines = reply.lines.empty() ? kOneEmpty : reply.lines;
  std::string out;
  for (size_t i = 0; i < lines.size(); ++i) {
    size_t begin = out.size();
    out += std::to_string(reply.code);
    out += i + 1 < lines.size() ? '-' : ' ';
    if (!reply.enhanced.empty()) out += reply.enhanced + " ";
    append_safe(out, lines[i], kReplyLineMax - 2 - (out.size() - begin));
    out += "\r\n";
  }
  return out;
}

}  // namespace pabal::proto::smtp

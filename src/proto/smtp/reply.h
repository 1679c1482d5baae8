// An SMTP reply (RFC 5321 §4.2) with its enhanced status code (RFC 2034).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pabal::proto::smtp {

constexpr size_t kReplyLineMax = 512;  // octets with CRLF, RFC 5321 §4.5.3.1.5

struct Reply {
  int code = 0;
  std::string enhanced;            // "2.1.5"; empty for the greeting, EHLO, 334 and 354
  std::vector<std::string> lines;  // text without code and CRLF; empty means one empty line

  bool is_positive() const { return code >= 200 && code < 400; }
  bool is_transient() const { return code >= 400 && code < 500; }
  bool is_permanent() const { return code >= 500 && code < 600; }
  // The lines joined by a space: for logs and diagnostics.
  std::string text() const;
  bool operator==(const Reply&) const = default;
};

// "250-2.1.5 first\r\n250 2.1.5 last\r\n". The enhanced code stands on every
// line (RFC 2034 §4). CR, LF and other controls in a text become '?', so that
// no foreign text can forge a line; a line longer than allowed is cut.
std::string to_wire(const Reply& reply);

}  // namespace pabal::proto::smtp

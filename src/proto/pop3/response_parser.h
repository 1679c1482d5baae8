// The client's side of POP3: status lines and multi-line responses.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace pabal::proto::pop3 {

constexpr size_t kStatusLineMax = 4096;  // RFC 2449 §4 says 512; real servers send more

struct Status {
  bool ok = false;
  std::string text;  // without "+OK " / "-ERR "
  std::string code;  // "IN-USE", "SYS/TEMP", ... (RFC 2449 §8), without brackets; may be empty
  // "+ base64" of AUTH (RFC 5034 §4): text is the challenge, ok is false.
  bool is_challenge = false;
};

enum class ResponseError { not_a_response, line_too_long, too_big };
std::string_view to_text(ResponseError error);

// One status line. Feeds on the front of `bytes` as smtp::ReplyParser does.
class StatusParser {
 public:
  std::expected<std::optional<Status>, ResponseError> feed(std::string_view& bytes);

 private:
  std::string line_;
};

// The lines behind a status line, up to the "." (RFC 1939 §3), un-stuffed.
// Lines may end in LF alone, as some servers store them; every line comes out
// with CRLF. That is safe here: the peer is the server one has chosen.
class BodyReader {
 public:
  explicit BodyReader(uint64_t size_max) : size_max_(size_max) {}

  // Appends to `body`, removes what it has used from the front of `bytes`;
  // true when the final dot has been consumed.
  std::expected<bool, ResponseError> feed(std::string_view& bytes, std::string& body);

 private:
  enum class State : uint8_t { line_start, dot, dot_cr, text, cr, done };

  uint64_t size_max_;
  uint64_t size_ = 0;
  State state_ = State::line_start;
};

}  // namespace pabal::proto::pop3

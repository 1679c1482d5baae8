#include "proto/smtp/reply_parser.h"

#include <algorithm>

#include "base/bytes.h"
#include "proto/smtp/status.h"

namespace pabal::proto::smtp {

namespace {

// 2yz to 5yz (RFC 5321 §4.2.1); the second digit is not held to 0-5, some
// servers send others.
std::optional<int> reply_code(std::string_view line) {
  if (line.size() < 3 || line[0] < '2' || line[0] > '5' || !is_digit(line[1]) || !is_digit(line[2]))
    return std::nullopt;
  if (line.size() > 3 && is_digit(line[3])) return std::nullopt;
  return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

std::optional<EnhancedStatus> status_of(std::string_view line, int code) {
  std::string_view rest;
  auto status = parse_leading_status(line, rest);
  if (status && status->status_class == code / 100) return status;
  return std::nullopt;
}

// Moves the enhanced code from the lines into its own place (RFC 2034 §4).
void lift_enhanced(Reply& reply) {
  auto status = status_of(reply.lines.front(), reply.code);
  if (!status) status = status_of(reply.lines.back(), reply.code);
  if (!status) return;
  reply.enhanced = to_text(*status);
  std::string_view rest;
  for (std::string& line : reply.lines)
    if (parse_leading_status(line, rest) == status) line = std::string(rest);
}

}  // namespace

std::string_view to_text(ReplyError error) {
  switch (error) {
    case ReplyError::not_a_reply:
      return "the server's answer is not an SMTP reply";
    case ReplyError::too_long:
      return "the reply is too long";
  }
  return "";
}

std::expected<std::optional<Reply>, ReplyError> ReplyParser::feed(std::string_view& bytes) {
  if (error_) return std::unexpected(*error_);
  auto fail = [this](ReplyError error) {
    error_ = error;
    return std::unexpected(error);
  };
  while (!bytes.empty()) {
    size_t lf = bytes.find('\n');
    size_t length = lf == std::string_view::npos ? bytes.size() : lf;
    octets_ += length + 1;
    if (octets_ > kPeerReplyOctetsMax) return fail(ReplyError::too_long);
    line_.append(bytes.substr(0, std::min(length, kPeerReplyLineMax - line_.size())));
    if (lf == std::string_view::npos) {
      bytes = {};
      break;
    }
    bytes.remove_prefix(lf + 1);

    std::string_view line = line_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    auto complete = take_line(line);
    line_.clear();
    if (!complete) return fail(complete.error());
    if (*complete) {
      Reply reply = std::move(reply_);
      reply_ = {};
      octets_ = kept_ = 0;
      lift_enhanced(reply);
      return reply;
    }
  }
  return std::nullopt;
}

// True when it was the last of its reply.
std::expected<bool, ReplyError> ReplyParser::take_line(std::string_view line) {
  auto code = reply_code(line);
  bool begun = reply_.code != 0;
  if (!code && !begun) return std::unexpected(ReplyError::not_a_reply);
  bool last = false;
  if (code) {
    reply_.code = *code;
    last = line.size() == 3 || line[3] != '-';
    bool separated = line.size() > 3 && (line[3] == '-' || is_wsp(line[3]));
    line.remove_prefix(separated ? 4 : 3);
  }
  kept_ += line.size() + 1;
  // The last line is kept in any case: it says what the reply is.
  if (kept_ <= kPeerReplyKeptMax || last) reply_.lines.emplace_back(line);
  return last;
}

}  // namespace pabal::proto::smtp

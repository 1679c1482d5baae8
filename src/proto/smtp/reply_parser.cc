#include "proto/smtp/reply_parser.h"

#include "base/bytes.h"
#include "proto/smtp/status.h"

namespace pabal::proto::smtp {

namespace {

// 2yz to 5yz (RFC 5321 §4.2.1); the second digit is not held to 0-5, some
// servers send others.
std::optional<int> reply_code(std::string_view line) {
  if (line.size() < 3 || line[0] < '2' || line[0] > '5' || !is_digit(line[1]) || !is_digit(line[2]))
    return std::nullopt;
  return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

// Moves the enhanced code from the lines into its own place (RFC 2034 §4).
void lift_enhanced(Reply& reply) {
  std::string_view rest;
  auto first = parse_leading_status(reply.lines.front(), rest);
  if (!first || first->status_class != reply.code / 100) return;
  reply.enhanced = to_text(*first);
  for (std::string& line : reply.lines)
    if (parse_leading_status(line, rest) == first) line = std::string(rest);
}

}  // namespace

std::string_view to_text(ReplyError error) {
  switch (error) {
    case ReplyError::not_a_reply:
      return "the server's answer is not an SMTP reply";
    case ReplyError::code_changed:
      return "the lines of one reply have different codes";
    case ReplyError::line_too_long:
      return "a line of the reply is too long";
    case ReplyError::too_many_lines:
      return "the reply has too many lines";
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
    if (line_.size() + length > kPeerReplyLineMax) return fail(ReplyError::line_too_long);
    octets_ += length;
    if (octets_ > kPeerReplyOctetsMax) return fail(ReplyError::too_long);
    line_.append(bytes.substr(0, length));
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
      octets_ = 0;
      lift_enhanced(reply);
      return reply;
    }
  }
  return std::nullopt;
}

std::expected<bool, ReplyError> ReplyParser::take_line(std::string_view line) {
  auto code = reply_code(line);
  if (!code) return std::unexpected(ReplyError::not_a_reply);
  if (reply_.code != 0 && reply_.code != *code) return std::unexpected(ReplyError::code_changed);
  if (line.size() > 3 && line[3] != ' ' && line[3] != '-') return std::unexpected(ReplyError::not_a_reply);
  if (reply_.lines.size() == kPeerReplyLinesMax) return std::unexpected(ReplyError::too_many_lines);
  reply_.code = *code;
  reply_.lines.emplace_back(line.size() > 4 ? line.substr(4) : std::string_view());
  return line.size() == 3 || line[3] == ' ';
}

}  // namespace pabal::proto::smtp

// The client's side of SMTP: bytes in, whole replies out.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "proto/smtp/reply.h"

namespace pabal::proto::smtp {

// RFC 5321 §4.5.3.1.5 allows 512 octets per line and says nothing of their number;
// real servers send more of both. What is above the first two is read and left out,
// what is above the third ends it.
constexpr size_t kPeerReplyLineMax = 4096;
constexpr size_t kPeerReplyKeptMax = 64 * 1024;
constexpr size_t kPeerReplyOctetsMax = 1024 * 1024;

enum class ReplyError {
  not_a_reply,  // no three digits 2yz-5yz at the beginning
  too_long,
};
std::string_view to_text(ReplyError error);

// Feed what arrived, then ask. A line may end in LF alone; missing text or a
// missing blank behind the code is accepted, and so is a line without a code
// within a reply. Lines of one reply should have one code (RFC 5321 §4.2.1); where
// they have not ("220-" followed by "521"), the last line's counts. The enhanced
// code is taken off the lines when it stands there and its class agrees with the
// reply code (RFC 2034 §4). After an error the parser stays in error: close the
// connection.
class ReplyParser {
 public:
  // Consumes bytes up to the end of the first complete reply and removes them
  // from the front of `bytes`; nullopt when more is needed (bytes is then
  // empty). Call again with the rest for pipelined replies.
  std::expected<std::optional<Reply>, ReplyError> feed(std::string_view& bytes);

  // True when part of a reply has been read: the end of the connection now
  // is a loss in the middle.
  bool in_reply() const { return !line_.empty() || reply_.code != 0; }

 private:
  std::expected<bool, ReplyError> take_line(std::string_view line);

  std::string line_;
  Reply reply_;
  size_t octets_ = 0;  // of the reply so far
  size_t kept_ = 0;    // of them, those in reply_
  std::optional<ReplyError> error_;
};

}  // namespace pabal::proto::smtp

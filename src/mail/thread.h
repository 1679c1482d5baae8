// Threads (RFC 5256 §3, §4), of what summaries know.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace pabal::mail {

struct ThreadMessage {
  uint32_t number = 0;  // message number or UID: what the result names
  Time sent_at;
  std::string_view base_subject;  // folded
  bool is_reply = false;
  std::string_view message_id;  // "" if none
  std::vector<std::string_view> references;
};

// A message with its answers; number 0: a message that is not there (RFC 5256
// "dummy"), which stands only above several.
struct ThreadNode {
  uint32_t number = 0;
  std::vector<ThreadNode> children;
};

// Both linear or n log n; nesting is bounded by the number of messages, and no
// function recurses over it.
std::vector<ThreadNode> thread_by_subject(std::vector<ThreadMessage> messages);
std::vector<ThreadNode> thread_by_references(std::vector<ThreadMessage> messages);

}  // namespace pabal::mail

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
  std::string_view message_id;  // "" if none; where two have the same, the lower number has it
  std::vector<std::string_view> references;
};

// Messages with their answers, as a flat forest: children and siblings are in the
// order in which they are shown. number 0: a message that is not there (RFC 5256
// "dummy"), which stands only at the top, above several.
struct Threads {
  static constexpr uint32_t none = UINT32_MAX;
  struct Node {
    uint32_t number = 0;
    uint32_t first_child = none, next_sibling = none;  // indices into nodes
  };
  std::vector<Node> nodes;
  uint32_t first_root = none;
};

// n log n in messages and references, however they hang together; nothing recurses.
Threads thread_by_subject(std::vector<ThreadMessage> messages);
Threads thread_by_references(std::vector<ThreadMessage> messages);

}  // namespace pabal::mail

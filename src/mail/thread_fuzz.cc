// Any octets as messages with few IDs and subjects: each message stands once in
// what comes out, dummies only at the top and above several, and siblings are in order.
#include <map>
#include <set>

#include "base/verify.h"
#include "mail/thread.h"

using namespace pabal;
using namespace pabal::mail;

static void check(const Threads& threads, const std::vector<ThreadMessage>& messages, bool one_level) {
  std::map<uint32_t, Time> dates;
  for (const ThreadMessage& message : messages) dates[message.number] = message.sent_at;
  std::set<uint32_t> seen;
  struct Siblings {
    uint32_t first;
    size_t depth;
  };
  auto order_of = [&](uint32_t node) {  // a dummy's is its first child's
    uint32_t number = threads.nodes[node].number;
    if (number == 0) number = threads.nodes[threads.nodes[node].first_child].number;
    return std::pair(dates.at(number), number);
  };
  std::vector<Siblings> stack = {{threads.first_root, 0}};
  while (!stack.empty()) {
    Siblings siblings = stack.back();
    stack.pop_back();
    for (uint32_t at = siblings.first; at != Threads::none; at = threads.nodes[at].next_sibling) {
      const Threads::Node& node = threads.nodes[at];
      if (node.number == 0) {
        verify(siblings.depth == 0, "a dummy stands at the top");
        verify(node.first_child != Threads::none &&
                   threads.nodes[node.first_child].next_sibling != Threads::none,
               "a dummy has several children");
      } else {
        verify(seen.insert(node.number).second, "a message stands once");
      }
      if (node.next_sibling != Threads::none) {
        verify(order_of(at) < order_of(node.next_sibling), "siblings are in order");
      }
      verify(!one_level || siblings.depth <= 1, "a thread by subject has one level");
      if (node.first_child != Threads::none) stack.push_back({node.first_child, siblings.depth + 1});
    }
  }
  verify(seen.size() == messages.size(), "every message stands somewhere");
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr std::string_view ids[] = {"",  "a", "b", "c", "d", "e", "f", "g",
                                      "h", "i", "j", "k", "l", "m", "n", "o"};
  constexpr std::string_view subjects[] = {"", "x", "y", "z"};
  std::vector<ThreadMessage> messages;
  for (size_t at = 0; at + 2 <= size && messages.size() < 200;) {
    ThreadMessage message;
    message.number = static_cast<uint32_t>(messages.size() + 1);
    message.message_id = ids[data[at] & 15];
    message.sent_at = {data[at] >> 4};
    message.base_subject = subjects[data[at + 1] & 3];
    message.is_reply = (data[at + 1] & 4) != 0;
    size_t references = data[at + 1] >> 4;
    at += 2;
    for (; references > 0 && at < size; --references) message.references.push_back(ids[data[at++] & 15]);
    messages.push_back(std::move(message));
  }
  check(thread_by_references(messages), messages, false);
  check(thread_by_subject(messages), messages, true);
  return 0;
}

#include "proto/imap/response.h"

namespace pabal::proto::imap {

std::string thread_text(const mail::Threads& threads) {
  constexpr uint32_t none = mail::Threads::none;
  std::string out;
  // Of every open list that has lists inside: the one of these that is being written.
  std::vector<uint32_t> open;
  uint32_t root = threads.first_root, node = root;
  while (node != none) {
    const mail::Threads::Node& here = threads.nodes[node];
    if (open.empty() ? node == root : open.back() == node) out += '(';
    if (here.number != 0) put_number(out, here.number);
    uint32_t child = here.first_child;
    if (child != none) {
      if (here.number != 0) out += ' ';
      // An only child stays in the list of its parent.
      if (threads.nodes[child].next_sibling != none) open.push_back(child);
      node = child;
      continue;
    }
    out += ')';
    while (!open.empty() && threads.nodes[open.back()].next_sibling == none) {
      out += ')';
      open.pop_back();
    }
    if (open.empty()) {
      node = root = threads.nodes[root].next_sibling;
    } else {
      node = open.back() = threads.nodes[open.back()].next_sibling;
    }
  }
  return out;
}

}  // namespace pabal::proto::imap

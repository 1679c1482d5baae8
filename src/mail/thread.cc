#include "mail/thread.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "mail/link_forest.h"

namespace pabal::mail {
namespace {

constexpr uint32_t none = Threads::none;

// Numbers for strings: equal ones get the same, from 0 on. Sorted by hash and then by
// text, so that strings made to collide only cost comparing them.
class Numbering {
 public:
  void add(std::string_view text) {
    entries_.push_back({std::hash<std::string_view>{}(text), text, static_cast<uint32_t>(entries_.size())});
  }

  // By the order of add(); how many there are is `count`.
  std::vector<uint32_t> numbers(uint32_t& count) {
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
      return a.hash != b.hash ? a.hash < b.hash : a.text < b.text;
    });
    std::vector<uint32_t> out(entries_.size());
    count = 0;
    for (size_t i = 0; i < entries_.size(); ++i) {
      bool is_new =
          i > 0 && (entries_[i].hash != entries_[i - 1].hash || entries_[i].text != entries_[i - 1].text);
      if (is_new) ++count;
      out[entries_[i].slot] = count;
    }
    if (!entries_.empty()) ++count;
    return out;
  }

 private:
  struct Entry {
    size_t hash;
    std::string_view text;
    uint32_t slot;
  };
  std::vector<Entry> entries_;
};

std::vector<uint32_t> subject_numbers(const std::vector<ThreadMessage>& messages, uint32_t& count) {
  Numbering numbering;
  for (const ThreadMessage& message : messages) numbering.add(message.base_subject);
  return numbering.numbers(count);
}

// Indices of messages by sent date, then by number (RFC 5256 §2.2).
std::vector<uint32_t> by_date(const std::vector<ThreadMessage>& messages) {
  std::vector<uint32_t> order(messages.size());
  for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    const ThreadMessage &x = messages[a], &y = messages[b];
    return x.sent_at != y.sent_at ? x.sent_at < y.sent_at : x.number < y.number;
  });
  return order;
}

// Nodes behind the last of their siblings, so those given in order stay in order.
class Builder {
 public:
  explicit Builder(size_t size) : last_child_(size, none) { threads_.nodes.resize(size); }

  void number(uint32_t node, uint32_t number) { threads_.nodes[node].number = number; }
  void add_root(uint32_t node) { append(threads_.first_root, last_root_, node); }
  void add_child(uint32_t parent, uint32_t node) {
    append(threads_.nodes[parent].first_child, last_child_[parent], node);
  }
  uint32_t add_node() {
    threads_.nodes.emplace_back();
    last_child_.push_back(none);
    return static_cast<uint32_t>(last_child_.size() - 1);
  }
  Threads take() { return std::move(threads_); }

 private:
  void append(uint32_t& first, uint32_t& last, uint32_t node) {
    (last == none ? first : threads_.nodes[last].next_sibling) = node;
    last = node;
  }

  Threads threads_;
  std::vector<uint32_t> last_child_;
  uint32_t last_root_ = none;
};

// RFC 5256 §3 REFERENCES. Containers are numbered: first those that have a
// Message-ID anywhere, then the messages without one of their own. After building
// the trees only the messages and the tops of threads are of interest.
class References {
 public:
  explicit References(const std::vector<ThreadMessage>& messages) : messages_(messages) {}

  Threads thread() {
    number_containers();
    LinkForest forest(message_of_.size());
    link_all(forest);
    prune(forest);
    gather_roots();
    merge_subjects();
    return build();
  }

 private:
  void number_containers() {
    Numbering numbering;
    for (const ThreadMessage& message : messages_) {
      numbering.add(message.message_id);
      for (std::string_view reference : message.references) numbering.add(reference);
    }
    uint32_t count = 0;
    ids_ = numbering.numbers(count);
    message_of_.assign(count, none);
    container_of_.resize(messages_.size());
    size_t slot = 0;
    for (uint32_t i = 0; i < messages_.size(); ++i) {
      uint32_t id = ids_[slot];
      bool own = !messages_[i].message_id.empty() && message_of_[id] == none;
      container_of_[i] = own ? id : static_cast<uint32_t>(message_of_.size());
      if (own) {
        message_of_[id] = i;
      } else {
        message_of_.push_back(i);
      }
      slot += 1 + messages_[i].references.size();
    }
  }

  // Whether `child`, the root of its tree, would become its own ancestor.
  static bool is_loop(LinkForest& forest, uint32_t parent, uint32_t child) {
    if (parent == child) return true;
    if (!forest.has_children(child) || forest.parent(parent) == none) return false;
    return forest.root(parent) == child;
  }

  // Step (1).
  void link_all(LinkForest& forest) const {
    size_t slot = 0;
    for (uint32_t i = 0; i < messages_.size(); ++i) {
      ++slot;
      uint32_t before = none;
      for (size_t k = 0; k < messages_[i].references.size(); ++k, ++slot) {
        if (messages_[i].references[k].empty()) continue;
        uint32_t reference = ids_[slot];
        bool free = before != none && forest.parent(reference) == none;
        if (free && !is_loop(forest, before, reference)) forest.link(reference, before);
        before = reference;
      }
      uint32_t own = container_of_[i];
      if (forest.parent(own) != none) forest.cut(own);
      if (before != none && !is_loop(forest, before, own)) forest.link(own, before);
    }
  }

  // Step (3): the parent of a message is the nearest ancestor that is there; else
  // the topmost that is not, which counts below only if it has several children.
  void prune(const LinkForest& forest) {
    auto size = static_cast<uint32_t>(message_of_.size());
    parent_.assign(size, none);
    std::vector<bool> known(size, false);
    std::vector<uint32_t> path;
    for (uint32_t container = 0; container < size; ++container) {
      for (uint32_t at = container; at != none && !known[at]; at = forest.parent(at)) path.push_back(at);
      for (; !path.empty(); path.pop_back()) {
        uint32_t at = path.back(), above = forest.parent(at);
        known[at] = true;
        bool pass_on = above != none && is_dummy(above) && parent_[above] != none;
        parent_[at] = pass_on ? parent_[above] : above;
      }
    }
    std::vector<uint32_t> children(size, 0);
    for (uint32_t container : container_of_) {
      if (parent_[container] != none) ++children[parent_[container]];
    }
    for (uint32_t container : container_of_) {
      uint32_t parent = parent_[container];
      if (parent != none && is_dummy(parent) && children[parent] == 1) parent_[container] = none;
    }
  }

  bool is_dummy(uint32_t container) const { return message_of_[container] == none; }

  // Steps (2) and (4): the tops of threads in order, and the message that speaks for each.
  void gather_roots() {
    order_ = by_date(messages_);
    speaker_.assign(message_of_.size(), none);
    for (uint32_t message : order_) {
      uint32_t container = container_of_[message], parent = parent_[container];
      uint32_t root = parent == none ? container : is_dummy(parent) ? parent : none;
      if (root == none || speaker_[root] != none) continue;
      speaker_[root] = message;
      roots_.push_back(root);
    }
  }

  bool is_reply(uint32_t root) const { return !is_dummy(root) && messages_[message_of_[root]].is_reply; }

  // Step (5).
  void merge_subjects() {
    uint32_t count = 0;
    std::vector<uint32_t> subjects = subject_numbers(messages_, count);
    std::vector<uint32_t> table(count, none);
    auto has_subject = [&](uint32_t root) { return !messages_[speaker_[root]].base_subject.empty(); };
    for (uint32_t root : roots_) {
      if (!has_subject(root)) continue;
      uint32_t& chosen = table[subjects[speaker_[root]]];
      bool better =
          chosen == none || (!is_dummy(chosen) && (is_dummy(root) || (is_reply(chosen) && !is_reply(root))));
      if (better) chosen = root;
    }
    instead_.resize(message_of_.size(), none);
    for (uint32_t root : roots_) {
      if (!has_subject(root)) continue;
      uint32_t& chosen = table[subjects[speaker_[root]]];
      if (chosen == root) continue;
      if (is_dummy(root)) {  // then the chosen one is a dummy too
        instead_[root] = chosen;
      } else if (is_dummy(chosen) || (is_reply(root) && !is_reply(chosen))) {
        parent_[root] = chosen;
      } else {
        uint32_t dummy = add_dummy();
        parent_[root] = parent_[chosen] = dummy;
        chosen = dummy;
      }
    }
  }

  uint32_t add_dummy() {
    message_of_.push_back(none);
    parent_.push_back(none);
    instead_.push_back(none);
    return static_cast<uint32_t>(message_of_.size() - 1);
  }

  // Step (6): messages by date, so siblings come in order; a dummy comes where its
  // first child does.
  Threads build() const {
    auto count = static_cast<uint32_t>(messages_.size());
    std::vector<uint32_t> dummy_node(message_of_.size(), none);
    Builder builder(messages_.size());
    for (uint32_t i = 0; i < count; ++i) builder.number(i, messages_[i].number);
    for (uint32_t message : order_) {
      uint32_t parent = parent_[container_of_[message]];
      if (parent != none && instead_[parent] != none) parent = instead_[parent];
      if (parent == none) {
        builder.add_root(message);
      } else if (!is_dummy(parent)) {
        builder.add_child(message_of_[parent], message);
      } else {
        if (dummy_node[parent] == none) {
          dummy_node[parent] = builder.add_node();
          builder.add_root(dummy_node[parent]);
        }
        builder.add_child(dummy_node[parent], message);
      }
    }
    return builder.take();
  }

  const std::vector<ThreadMessage>& messages_;
  std::vector<uint32_t> ids_;           // containers, by message: its own ID's, then its references'
  std::vector<uint32_t> container_of_;  // by message
  // By container:
  std::vector<uint32_t> message_of_;  // none: a dummy
  std::vector<uint32_t> parent_;      // none: a top of a thread
  std::vector<uint32_t> speaker_;     // of a top: the first message of it, for date and subject
  std::vector<uint32_t> instead_;     // of a dummy: the one that took its children
  std::vector<uint32_t> order_;       // messages by date
  std::vector<uint32_t> roots_;       // containers at the top, by date
};

void sort_by_number(std::vector<ThreadMessage>& messages) {
  auto lower = [](const ThreadMessage& a, const ThreadMessage& b) { return a.number < b.number; };
  if (!std::is_sorted(messages.begin(), messages.end(), lower))
    std::sort(messages.begin(), messages.end(), lower);
}

}  // namespace

Threads thread_by_subject(std::vector<ThreadMessage> messages) {
  uint32_t count = 0;
  std::vector<uint32_t> subjects = subject_numbers(messages, count);
  std::vector<uint32_t> first(count, none);
  Builder builder(messages.size());
  for (uint32_t i = 0; i < messages.size(); ++i) builder.number(i, messages[i].number);
  for (uint32_t message : by_date(messages)) {
    uint32_t& root = first[subjects[message]];
    if (root == none) {
      root = message;
      builder.add_root(message);
    } else {
      builder.add_child(root, message);
    }
  }
  return builder.take();
}

Threads thread_by_references(std::vector<ThreadMessage> messages) {
  sort_by_number(messages);
  return References(messages).thread();
}

}  // namespace pabal::mail

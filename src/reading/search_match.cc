#include "reading/search_match.h"

#include <algorithm>
#include <array>

#include "reading/search_words.h"

namespace pabal::reading {

namespace {

constexpr size_t kNowhere = std::string_view::npos;

Answer answer(bool matches) {
  return matches ? Answer::yes : Answer::no;
}

bool within(const SearchNode& node, int64_t value) {
  return node.low <= value && value <= node.high;
}

// Calls use(value) for each line of the field, until it returns true.
template <class F>
bool any_value(std::string_view header, std::string_view field, F&& use) {
  for (size_t at = 0; (at = find_text(header, field, at)) != kNowhere;) {
    bool begins_line = at == 0 || header[at - 1] == '\n';
    if (!begins_line) {
      ++at;
      continue;
    }
    size_t end = std::min(header.find('\n', at), header.size());
    std::string_view value = header.substr(at + field.size(), end - at - field.size());
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (use(value)) return true;
    at = end;
  }
  return false;
}

// The needle is rarer than the field as a rule, so it is looked for first.
bool header_has(std::string_view header, const SearchNode& node) {
  if (node.text.empty()) return any_value(header, node.field, [](std::string_view) { return true; });
  for (size_t at = 0; (at = find_text(header, node.text, at)) != kNowhere;) {
    size_t line = at == 0 ? kNowhere : header.rfind('\n', at - 1);
    line = line == kNowhere ? 0 : line + 1;
    size_t value = line + node.field.size() + 1;  // behind "subject: "
    if (!header.substr(line).starts_with(node.field)) {
      at = header.find('\n', at);
      if (at == kNowhere) return false;
    } else if (at < value) {
      at = value;
    } else {
      return true;
    }
  }
  return false;
}

bool has_words(std::string_view text, const std::vector<std::string>& words) {
  return std::ranges::all_of(
      words, [text](const std::string& word) { return find_word(text, word) != WordMatch::no; });
}

Answer decide_lines(const SearchNode& node, const std::optional<std::string_view>& lines) {
  if (!lines) return Answer::unknown;
  if (!node.fuzzy) return answer(header_has(*lines, node));
  return answer(
      any_value(*lines, node.field, [&](std::string_view value) { return has_words(value, node.words); }));
}

Answer decide_body(const SearchNode& node, const KnownTexts& known) {
  if (!known.body) return Answer::unknown;
  return answer(node.fuzzy ? has_words(*known.body, node.words)
                           : find_text(*known.body, node.text) != kNowhere);
}

Answer decide_anywhere(const SearchNode& node, const KnownTexts& known) {
  if (!node.fuzzy) {
    bool in_header = known.header && find_text(*known.header, node.text) != kNowhere;
    if (in_header) return Answer::yes;
    Answer body = decide_body(node, known);
    return body == Answer::no && !known.header ? Answer::unknown : body;
  }
  if (!known.header || !known.body) return Answer::unknown;
  return answer(std::ranges::all_of(node.words, [&](const std::string& word) {
    return find_word(*known.header, word) != WordMatch::no || find_word(*known.body, word) != WordMatch::no;
  }));
}

// Of one text: 40 for the words, up to 30 for whole ones, 30 for standing together.
int score_text(std::string_view text, const SearchNode& node) {
  size_t whole = 0;
  for (const std::string& word : node.words) {
    WordMatch match = find_word(text, word);
    if (match == WordMatch::no) return 0;
    whole += match == WordMatch::whole ? 1 : 0;
  }
  int score = 40 + static_cast<int>(30 * whole / node.words.size());
  return find_text(text, node.text) != kNowhere ? score + 30 : score;
}

constexpr int kScattered = 30;  // some words in the header, some in the body

int score_leaf(const SearchNode& node, const KnownTexts& known) {
  int best = 0;
  const std::optional<std::string_view>& lines =
      node.kind == SearchNode::address ? known.addresses : known.header;
  if (lines && node.kind != SearchNode::body) {
    std::string_view field = "subject:";
    if (node.kind == SearchNode::address || node.kind == SearchNode::header) field = node.field;
    any_value(*lines, field, [&](std::string_view value) {
      best = std::max(best, score_text(value, node));
      return false;
    });
    if (node.kind == SearchNode::anywhere) best = std::max(best, score_text(*known.header, node) * 9 / 10);
  }
  if (known.body && (node.kind == SearchNode::body || node.kind == SearchNode::anywhere))
    best = std::max(best, score_text(*known.body, node) * 8 / 10);
  return std::max(best, kScattered);
}

Answer decide_leaf(const SearchNode& node, const Item& item, const KnownTexts& known) {
  switch (node.kind) {
    case SearchNode::nothing:
      return Answer::no;
    case SearchNode::everything:
      return Answer::yes;
    case SearchNode::uids:
      return answer(contains(node.ranges, item.uid));
    case SearchNode::flags:
      return answer((item.flags & node.bits) != 0);
    case SearchNode::size:
      return answer(within(node, item.size_octets));
    case SearchNode::modseq:
      return answer(within(node, item.modseq));
    case SearchNode::internal_date:
      return answer(within(node, item.internal_date_ms));
    case SearchNode::saved_date:
      return answer(within(node, item.saved_at_ms));
    case SearchNode::message:
      return answer(within(node, item.message));
    case SearchNode::thread:
      return known.thread ? answer(within(node, known.thread->value)) : Answer::unknown;
    case SearchNode::sent_day:
      return known.sent_day ? answer(within(node, *known.sent_day)) : Answer::unknown;
    case SearchNode::address:
      return decide_lines(node, known.addresses);
    case SearchNode::header:
      return decide_lines(node, known.header);
    case SearchNode::body:
      return decide_body(node, known);
    case SearchNode::anywhere:
      return decide_anywhere(node, known);
    case SearchNode::conjunction:
    case SearchNode::disjunction:
    case SearchNode::negation:
      break;
  }
  return Answer::no;
}

// Compounds that are being decided, from the outermost on.
class OpenCompounds {
 public:
  bool empty() const { return depth_ == 0; }

  void open(uint32_t place, const SearchNode& node) {
    Frame frame{place, node.kind == SearchNode::conjunction ? Answer::yes : Answer::no};
    if (depth_ < near_.size())
      near_[depth_] = frame;
    else
      deep_.push_back(frame);
    ++depth_;
  }

  // Takes up what a part of the innermost is, which ends at `end`. True: that decides
  // the compound; `one` is its answer then.
  bool close(const std::vector<SearchNode>& nodes, uint32_t end, Answer& one) {
    Frame& frame = depth_ <= near_.size() ? near_[depth_ - 1] : deep_.back();
    const SearchNode& node = nodes[frame.place];
    if (node.kind == SearchNode::negation) {
      if (one != Answer::unknown) one = answer(one == Answer::no);
    } else {
      const Answer decisive = node.kind == SearchNode::conjunction ? Answer::no : Answer::yes;
      if (one == Answer::unknown) frame.so_far = one;
      if (one != decisive) {
        if (end < node.end) return false;
        one = frame.so_far;
      }
    }
    return true;
  }

  uint32_t pop() {
    const bool deep = depth_-- > near_.size();
    if (!deep) return near_[depth_].place;
    uint32_t place = deep_.back().place;
    deep_.pop_back();
    return place;
  }

 private:
  struct Frame {
    uint32_t place = 0;
    Answer so_far = Answer::no;  // as long as no part decides
  };
  std::array<Frame, 16> near_;  // as deep as people search, without allocating
  std::vector<Frame> deep_;
  size_t depth_ = 0;
};

}  // namespace

Answer decide(const SearchPlan& plan, const Item& item, const KnownTexts& known) {
  const std::vector<SearchNode>& nodes = plan.nodes;
  if (nodes.size() == 1) return decide_leaf(nodes[0], item, known);
  OpenCompounds open;
  for (uint32_t at = 0;;) {
    const SearchNode& node = nodes[at];
    if (node.end > at + 1) {
      open.open(at++, node);
      continue;
    }
    Answer one = decide_leaf(node, item, known);
    uint32_t end = node.end;
    while (!open.empty() && open.close(nodes, end, one)) end = nodes[open.pop()].end;
    if (open.empty()) return one;
    at = end;
  }
}

unsigned char relevancy(const SearchPlan& plan, const Item& item, const KnownTexts& known) {
  int sum = 0, count = 0;
  for (uint32_t at = 0; at < plan.nodes.size(); ++at) {
    const SearchNode& node = plan.nodes[at];
    if (node.kind == SearchNode::negation) at = node.end - 1;
    if (node.kind == SearchNode::negation || !node.fuzzy) continue;
    ++count;
    if (decide_leaf(node, item, known) == Answer::yes) sum += score_leaf(node, known);
  }
  return count == 0 ? 1 : static_cast<unsigned char>(std::clamp(sum / count, 1, 100));
}

}  // namespace pabal::reading

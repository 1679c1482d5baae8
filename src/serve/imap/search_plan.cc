#include "serve/imap/search_plan.h"

#include <algorithm>

#include "base/bytes.h"
#include "mail/charset.h"
#include "mail/search_text.h"
#include "serve/imap/flags.h"
#include "serve/imap/search_words.h"

namespace pabal::serve::imap {

namespace {

namespace wire = proto::imap;
using wire::SearchKey;

constexpr int64_t kDayMs = 86'400'000;

SearchNode constant(bool value) {
  return {.kind = value ? SearchNode::everything : SearchNode::nothing};
}

SearchNode range(SearchNode::Kind kind, int64_t low, int64_t high) {
  if (low > high) return constant(false);
  return {.kind = kind, .low = low, .high = high};
}

int64_t clamp(uint64_t number) {
  return static_cast<int64_t>(std::min<uint64_t>(number, INT64_MAX));
}

bool is_compound(const SearchKey& key) {
  return key.operands > 0;
}

// What one key means, without its operands.
class Meaning {
 public:
  Meaning(const SearchMeaning& meaning, std::string_view charset) : meaning_(meaning), charset_(charset) {}

  SearchNode node(const SearchKey& key) const {
    switch (key.kind) {
      case SearchKey::all:
      case SearchKey::save_date_supported:
        return constant(true);
      case SearchKey::recent:
        return {.kind = SearchNode::uids, .ranges = meaning_.recent, .recent = true};
      case SearchKey::conjunction:
        return {.kind = SearchNode::conjunction};
      case SearchKey::disjunction:
        return {.kind = SearchNode::disjunction};
      case SearchKey::negation:
        return {.kind = SearchNode::negation};
      case SearchKey::sequence:
      case SearchKey::uid:
        return uids(key);
      case SearchKey::flag:
        return flag(key.text);
      case SearchKey::address:
        return header(SearchNode::address, key);
      case SearchKey::header:
        return header(SearchNode::header, key);
      case SearchKey::in_body:
        return text(SearchNode::body, key);
      case SearchKey::anywhere:
        return text(SearchNode::anywhere, key);
      case SearchKey::larger:
        return key.number >= INT64_MAX
                   ? constant(false)
                   : range(SearchNode::size, static_cast<int64_t>(key.number) + 1, INT64_MAX);
      case SearchKey::smaller:
        return range(SearchNode::size, 0, clamp(key.number) - 1);
      case SearchKey::modseq:
        return range(SearchNode::modseq, clamp(key.number), INT64_MAX);
      case SearchKey::email_id:
        return object(SearchNode::message, 'M', key.text);
      case SearchKey::thread_id:
        return object(SearchNode::thread, 'T', key.text);
      default:
        return date(key);
    }
  }

 private:
  SearchNode date(const SearchKey& key) const {
    int64_t day = key.day.days, begin = day * kDayMs, end = begin + kDayMs - 1;
    int64_t interval = std::min<int64_t>(clamp(key.number), INT32_MAX * int64_t{2}) * 1000;
    switch (key.kind) {
      case SearchKey::before:
        return range(SearchNode::internal_date, INT64_MIN, begin - 1);
      case SearchKey::on:
        return range(SearchNode::internal_date, begin, end);
      case SearchKey::since:
        return range(SearchNode::internal_date, begin, INT64_MAX);
      case SearchKey::saved_before:
        return range(SearchNode::saved_date, INT64_MIN, begin - 1);
      case SearchKey::saved_on:
        return range(SearchNode::saved_date, begin, end);
      case SearchKey::saved_since:
        return range(SearchNode::saved_date, begin, INT64_MAX);
      case SearchKey::sent_before:
        return range(SearchNode::sent_day, INT64_MIN, day - 1);
      case SearchKey::sent_on:
        return range(SearchNode::sent_day, day, day);
      case SearchKey::sent_since:
        return range(SearchNode::sent_day, day, INT64_MAX);
      case SearchKey::older:  // RFC 5032 §3
        return range(SearchNode::internal_date, INT64_MIN, meaning_.now.ms - interval);
      case SearchKey::younger:
        return range(SearchNode::internal_date, meaning_.now.ms - interval, INT64_MAX);
      default:
        return constant(false);
    }
  }

  static SearchNode object(SearchNode::Kind kind, char letter, std::string_view object_id) {
    std::optional<int64_t> number = number_of_object_id(letter, object_id);
    return number ? range(kind, *number, *number) : constant(false);
  }

  // Numbers beyond the end are no error (RFC 7377 §2). They are looked up now, and
  // mean the same messages ever after (RFC 5267 §4.3).
  SearchNode uids(const SearchKey& key) const {
    const Snapshot& snapshot = *meaning_.snapshot;
    SearchNode node{.kind = SearchNode::uids};
    if (key.set.saved) {
      node.ranges = meaning_.saved;
    } else if (key.kind == SearchKey::uid) {
      node.ranges = wire::normalize(key.set, snapshot.last_uid());
    } else {
      for (const NumberRange& numbers : wire::normalize(key.set, snapshot.size())) {
        uint32_t last = std::min(numbers.last, snapshot.size());
        if (numbers.first <= last)
          node.ranges.push_back({snapshot.uid_at(numbers.first), snapshot.uid_at(last)});
      }
    }
    if (node.ranges.empty()) return constant(false);
    return node;
  }

  SearchNode flag(const std::string& name) const {
    uint64_t bits = 0;
    if (name.starts_with('\\')) {
      bits = split_flags({name}).system;
    } else {
      const std::vector<std::string>& keywords = meaning_.keywords;
      auto found =
          std::ranges::find_if(keywords, [&](const std::string& keyword) { return iequals(keyword, name); });
      if (found != keywords.end())
        bits = uint64_t{1} << (store::kFirstKeywordBit + (found - keywords.begin()));
    }
    if (bits == 0) return constant(false);
    return {.kind = SearchNode::flags, .bits = bits};
  }

  SearchNode header(SearchNode::Kind kind, const SearchKey& key) const {
    SearchNode node = text(kind, key);
    node.kind = kind;  // also of an empty text: the field exists
    node.field = to_lower(trim(key.field)) + ":";
    return node;
  }

  SearchNode text(SearchNode::Kind kind, const SearchKey& key) const {
    SearchNode node{.kind = kind, .text = needle(key.text)};
    if (node.text.empty()) return constant(true);
    if (key.fuzzy) node.words = words_of(node.text);
    node.fuzzy = !node.words.empty();
    return node;
  }

  std::string needle(const std::string& text) const {
    // What calls itself US-ASCII and is not is UTF-8 as a rule.
    bool ascii = charset_.empty() || charset_ == "US-ASCII";
    return mail::fold_for_search(mail::to_utf8(text, ascii ? "UTF-8" : charset_));
  }

  const SearchMeaning& meaning_;
  std::string_view charset_;
};

// Makes of the program a tree without constants, without ANDs in ANDs and ORs in ORs
// and without double negations, and writes it down with what is cheap in front.
class Planner {
 public:
  explicit Planner(const Meaning& meaning) : meaning_(meaning) {}

  std::vector<SearchNode> plan(const wire::SearchKeys& keys) {
    tree_.reserve(keys.size() + 1);
    // From the back, so that the operands of a compound are there when it comes.
    for (size_t i = keys.size(); i-- > 0;) {
      uint32_t made = is_compound(keys[i]) ? compound(keys[i]) : add({.node = meaning_.node(keys[i])});
      operands_.push_back(made);
    }
    if (operands_.empty()) operands_.push_back(add({.node = constant(true)}));
    return written_down(operands_.back());
  }

 private:
  struct Branch {
    SearchNode node;
    SearchNode::Kind cost = node.kind;  // the dearest kind in it
    std::vector<uint32_t> parts;
  };

  uint32_t add(Branch branch) {
    tree_.push_back(std::move(branch));
    return static_cast<uint32_t>(tree_.size() - 1);
  }

  bool is(uint32_t branch, SearchNode::Kind kind) const { return tree_[branch].node.kind == kind; }

  // Takes its operands from the stack: what it makes of them.
  uint32_t compound(const SearchKey& key) {
    std::vector<uint32_t> operands(operands_.end() - key.operands, operands_.end());
    operands_.resize(operands_.size() - key.operands);
    if (key.kind == SearchKey::negation) return negated(operands[0]);
    const bool all = key.kind == SearchKey::conjunction;
    const SearchNode::Kind decisive = all ? SearchNode::nothing : SearchNode::everything;
    const SearchNode::Kind idle = all ? SearchNode::everything : SearchNode::nothing;
    Branch branch{.node = meaning_.node(key)};
    for (uint32_t operand : operands) {
      if (is(operand, decisive)) return operand;
      if (!is(operand, idle)) join(branch, operand);
    }
    if (branch.parts.empty()) return operands[0];
    if (branch.parts.size() == 1) return branch.parts[0];
    return add(std::move(branch));
  }

  // The parts of its like are its own parts, and the larger list takes up the smaller.
  void join(Branch& branch, uint32_t operand) {
    Branch& other = tree_[operand];
    branch.cost = branch.parts.empty() ? other.cost : std::max(branch.cost, other.cost);
    if (other.node.kind != branch.node.kind) {
      branch.parts.push_back(operand);
      return;
    }
    if (branch.parts.size() < other.parts.size()) branch.parts.swap(other.parts);
    branch.parts.insert(branch.parts.end(), other.parts.begin(), other.parts.end());
  }

  uint32_t negated(uint32_t operand) {
    if (is(operand, SearchNode::everything)) return add({.node = constant(false)});
    if (is(operand, SearchNode::nothing)) return add({.node = constant(true)});
    if (is(operand, SearchNode::negation)) return tree_[operand].parts[0];
    return add({.node = {.kind = SearchNode::negation}, .cost = tree_[operand].cost, .parts = {operand}});
  }

  std::vector<SearchNode> written_down(uint32_t root) {
    std::vector<SearchNode> out;
    constexpr uint32_t ends_here = UINT32_MAX;
    struct Step {
      uint32_t branch = 0;
      uint32_t place = ends_here;  // of a compound that ends; else the branch is still to come
    };
    std::vector<Step> steps{{root}};
    while (!steps.empty()) {
      Step step = steps.back();
      steps.pop_back();
      if (step.place != ends_here) {
        out[step.place].end = static_cast<uint32_t>(out.size());
        continue;
      }
      Branch& branch = tree_[step.branch];
      auto place = static_cast<uint32_t>(out.size());
      out.push_back(std::move(branch.node));
      out.back().end = place + 1;
      if (branch.parts.empty()) continue;
      steps.push_back({step.branch, place});
      // Cheap ones first, which spare the reading for the others, else as they came: the
      // last one pushed is the next.
      std::ranges::sort(branch.parts, [this](uint32_t a, uint32_t b) {
        return tree_[a].cost != tree_[b].cost ? tree_[a].cost > tree_[b].cost : a < b;
      });
      for (uint32_t part : branch.parts) steps.push_back({part});
    }
    return out;
  }

  const Meaning& meaning_;
  std::vector<Branch> tree_;
  std::vector<uint32_t> operands_;  // of the key that comes next, its first one last
};

SearchNeeds needs_of(const std::vector<SearchNode>& nodes) {
  SearchNeeds needs;
  for (const SearchNode& node : nodes) {
    needs.thread |= node.kind == SearchNode::thread;
    needs.sent_day |= node.kind == SearchNode::sent_day;
    needs.addresses |= node.kind == SearchNode::address;
    needs.header |= node.kind == SearchNode::header || node.kind == SearchNode::anywhere;
    needs.body |= node.kind == SearchNode::body || node.kind == SearchNode::anywhere;
  }
  return needs;
}

}  // namespace

std::optional<SearchPlan> plan_search(const wire::SearchProgram& program, const SearchMeaning& meaning) {
  const std::string& charset = program.charset;
  if (!charset.empty() && charset != "US-ASCII" && charset != "UTF-8" && !mail::is_known_charset(charset))
    return std::nullopt;
  SearchPlan plan;
  plan.nodes = Planner(Meaning(meaning, charset)).plan(program.keys);
  plan.needs = needs_of(plan.nodes);
  return plan;
}

void renew_recent(SearchPlan& plan, const std::vector<NumberRange>& recent) {
  for (SearchNode& node : plan.nodes) {
    if (node.recent) node.ranges = recent;
  }
}

bool is_fuzzy(const wire::SearchKeys& keys) {
  return std::ranges::any_of(keys, &SearchKey::fuzzy);
}

std::optional<int64_t> number_of_object_id(char kind, std::string_view object_id) {
  if (!object_id.starts_with(kind)) return std::nullopt;
  std::optional<uint64_t> number = parse_uint(object_id.substr(1));
  if (!number || *number > INT64_MAX || std::to_string(*number) != object_id.substr(1)) return std::nullopt;
  return static_cast<int64_t>(*number);
}

}  // namespace pabal::serve::imap

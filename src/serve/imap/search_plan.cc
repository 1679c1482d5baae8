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

bool is_constant(const SearchNode& node, bool value) {
  return node.kind == (value ? SearchNode::everything : SearchNode::nothing);
}

class Planner {
 public:
  Planner(const SearchMeaning& meaning, std::string_view charset) : meaning_(meaning), charset_(charset) {}

  SearchNode plan(const SearchKey& key, bool fuzzy) const {
    fuzzy |= key.fuzzy;
    switch (key.kind) {
      case SearchKey::all:
      case SearchKey::save_date_supported:
        return constant(true);
      case SearchKey::recent:
        return constant(false);
      case SearchKey::conjunction:
      case SearchKey::disjunction:
        return combine(key, fuzzy);
      case SearchKey::negation:
        return negate(plan(key.children.at(0), fuzzy));
      case SearchKey::sequence:
      case SearchKey::uid:
        return uids(key);
      case SearchKey::flag:
        return flag(key.text);
      case SearchKey::header:
        return header(key, fuzzy);
      case SearchKey::in_body:
        return text(SearchNode::body, key, fuzzy);
      case SearchKey::anywhere:
        return text(SearchNode::anywhere, key, fuzzy);
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

  // Cheap ones first: they spare the reading for the others.
  SearchNode combine(const SearchKey& key, bool fuzzy) const {
    const bool all = key.kind == SearchKey::conjunction;
    SearchNode node{.kind = all ? SearchNode::conjunction : SearchNode::disjunction};
    for (const SearchKey& child : key.children) {
      SearchNode planned = plan(child, fuzzy);
      if (is_constant(planned, !all)) return planned;
      if (!is_constant(planned, all)) node.children.push_back(std::move(planned));
    }
    if (node.children.empty()) return constant(all);
    if (node.children.size() == 1) {
      SearchNode only = std::move(node.children[0]);
      return only;
    }
    std::ranges::sort(node.children, {}, &SearchNode::cost);
    node.cost = node.children.back().cost;
    return node;
  }

  static SearchNode object(SearchNode::Kind kind, char letter, std::string_view object_id) {
    std::optional<int64_t> number = number_of_object_id(letter, object_id);
    return number ? range(kind, *number, *number) : constant(false);
  }

  static SearchNode negate(SearchNode inner) {
    if (inner.kind == SearchNode::everything) return constant(false);
    if (inner.kind == SearchNode::nothing) return constant(true);
    SearchNode node{.kind = SearchNode::negation, .cost = inner.cost};
    node.children.push_back(std::move(inner));
    return node;
  }

  // Numbers beyond the end are no error (RFC 7377 §2). They are looked up now, and
  // mean the same messages ever after (RFC 5267 §4.3).
  SearchNode uids(const SearchKey& key) const {
    const Snapshot& snapshot = meaning_.snapshot;
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

  SearchNode header(const SearchKey& key, bool fuzzy) const {
    SearchNode node = text(SearchNode::header, key, fuzzy);
    node.kind = node.cost = SearchNode::header;  // also of an empty text: the field exists
    node.field = to_lower(trim(key.field)) + ":";
    return node;
  }

  SearchNode text(SearchNode::Kind kind, const SearchKey& key, bool fuzzy) const {
    SearchNode node{.kind = kind, .text = needle(key.text)};
    if (node.text.empty()) return constant(true);
    if (fuzzy) node.words = words_of(node.text);
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

void add_needs(const SearchNode& node, SearchNeeds& needs) {
  needs.thread |= node.kind == SearchNode::thread;
  needs.sent_day |= node.kind == SearchNode::sent_day;
  needs.header |= node.kind == SearchNode::header || node.kind == SearchNode::anywhere;
  needs.body |= node.kind == SearchNode::body || node.kind == SearchNode::anywhere;
  for (const SearchNode& child : node.children) add_needs(child, needs);
}

}  // namespace

std::optional<SearchPlan> plan_search(const wire::SearchProgram& program, const SearchMeaning& meaning) {
  const std::string& charset = program.charset;
  if (!charset.empty() && charset != "US-ASCII" && charset != "UTF-8" && !mail::is_known_charset(charset))
    return std::nullopt;
  SearchPlan plan;
  plan.root = Planner(meaning, charset).plan(program.key, false);
  add_needs(plan.root, plan.needs);
  return plan;
}

bool is_fuzzy(const SearchKey& key) {
  return key.fuzzy || std::ranges::any_of(key.children, is_fuzzy);
}

std::optional<int64_t> number_of_object_id(char kind, std::string_view object_id) {
  if (!object_id.starts_with(kind)) return std::nullopt;
  std::optional<uint64_t> number = parse_uint(object_id.substr(1));
  if (!number || *number > INT64_MAX || std::to_string(*number) != object_id.substr(1)) return std::nullopt;
  return static_cast<int64_t>(*number);
}

}  // namespace pabal::serve::imap

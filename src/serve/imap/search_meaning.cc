#include "serve/imap/search_meaning.h"

#include <algorithm>

#include "base/bytes.h"
#include "mail/charset.h"
#include "mail/search_text.h"
#include "reading/flag_names.h"
#include "reading/search_words.h"
#include "rt/offload.h"

namespace pabal::serve::imap {

namespace {

namespace wire = proto::imap;
using wire::SearchKey;

reading::SearchNode range(reading::SearchNode::Kind kind, int64_t low, int64_t high) {
  if (low > high) return reading::always(false);
  return {.kind = kind, .low = low, .high = high};
}

constexpr size_t kTextOctetsAtOnce = 16 * 1024;
constexpr int64_t kDayMs = 86'400'000;

int64_t clamp(uint64_t number) {
  return static_cast<int64_t>(std::min<uint64_t>(number, INT64_MAX));
}

// What one key means, without its operands.
class Meaning {
 public:
  Meaning(const SearchMeaning& meaning, std::string_view charset) : meaning_(meaning), charset_(charset) {}

  reading::SearchNode node(const SearchKey& key) const {
    switch (key.kind) {
      case SearchKey::all:
      case SearchKey::save_date_supported:
        return reading::always(true);
      case SearchKey::recent:
        return {.kind = reading::SearchNode::uids, .ranges = meaning_.recent, .recent = true};
      case SearchKey::conjunction:
        return {.kind = reading::SearchNode::conjunction};
      case SearchKey::disjunction:
        return {.kind = reading::SearchNode::disjunction};
      case SearchKey::negation:
        return {.kind = reading::SearchNode::negation};
      case SearchKey::sequence:
      case SearchKey::uid:
        return uids(key);
      case SearchKey::flag:
        return flag(key.text);
      case SearchKey::address:
        return header(reading::SearchNode::address, key);
      case SearchKey::header:
        return header(reading::SearchNode::header, key);
      case SearchKey::in_body:
        return text(reading::SearchNode::body, key);
      case SearchKey::anywhere:
        return text(reading::SearchNode::anywhere, key);
      case SearchKey::larger:
        return key.number >= INT64_MAX
                   ? reading::always(false)
                   : range(reading::SearchNode::size, static_cast<int64_t>(key.number) + 1, INT64_MAX);
      case SearchKey::smaller:
        return range(reading::SearchNode::size, 0, clamp(key.number) - 1);
      case SearchKey::modseq:
        return range(reading::SearchNode::modseq, clamp(key.number), INT64_MAX);
      case SearchKey::email_id:
        return object(reading::SearchNode::message, 'M', key.text);
      case SearchKey::thread_id:
        return object(reading::SearchNode::thread, 'T', key.text);
      default:
        return date(key);
    }
  }

 private:
  reading::SearchNode date(const SearchKey& key) const {
    int64_t day = key.day.days, begin = day * kDayMs, end = begin + kDayMs - 1;
    int64_t interval = std::min<int64_t>(clamp(key.number), INT32_MAX * int64_t{2}) * 1000;
    switch (key.kind) {
      case SearchKey::before:
        return range(reading::SearchNode::internal_date, INT64_MIN, begin - 1);
      case SearchKey::on:
        return range(reading::SearchNode::internal_date, begin, end);
      case SearchKey::since:
        return range(reading::SearchNode::internal_date, begin, INT64_MAX);
      case SearchKey::saved_before:
        return range(reading::SearchNode::saved_date, INT64_MIN, begin - 1);
      case SearchKey::saved_on:
        return range(reading::SearchNode::saved_date, begin, end);
      case SearchKey::saved_since:
        return range(reading::SearchNode::saved_date, begin, INT64_MAX);
      case SearchKey::sent_before:
        return range(reading::SearchNode::sent_day, INT64_MIN, day - 1);
      case SearchKey::sent_on:
        return range(reading::SearchNode::sent_day, day, day);
      case SearchKey::sent_since:
        return range(reading::SearchNode::sent_day, day, INT64_MAX);
      case SearchKey::older:  // RFC 5032 §3
        return range(reading::SearchNode::internal_date, INT64_MIN, meaning_.now.ms - interval);
      case SearchKey::younger:
        return range(reading::SearchNode::internal_date, meaning_.now.ms - interval, INT64_MAX);
      default:
        return reading::always(false);
    }
  }

  static reading::SearchNode object(reading::SearchNode::Kind kind, char letter, std::string_view object_id) {
    std::optional<int64_t> number = number_of_object_id(letter, object_id);
    return number ? range(kind, *number, *number) : reading::always(false);
  }

  // Numbers beyond the end are no error (RFC 7377 §2). They are looked up now, and
  // mean the same messages ever after (RFC 5267 §4.3).
  reading::SearchNode uids(const SearchKey& key) const {
    const reading::Snapshot& snapshot = *meaning_.snapshot;
    reading::SearchNode node{.kind = reading::SearchNode::uids};
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
    if (node.ranges.empty()) return reading::always(false);
    return node;
  }

  reading::SearchNode flag(const std::string& name) const {
    uint64_t bits = 0;
    if (name.starts_with('\\')) {
      bits = reading::split_flags({name}).system;
    } else {
      const std::vector<std::string>& keywords = meaning_.keywords;
      auto found =
          std::ranges::find_if(keywords, [&](const std::string& keyword) { return iequals(keyword, name); });
      if (found != keywords.end())
        bits = uint64_t{1} << (store::kFirstKeywordBit + (found - keywords.begin()));
    }
    if (bits == 0) return reading::always(false);
    return {.kind = reading::SearchNode::flags, .bits = bits};
  }

  reading::SearchNode header(reading::SearchNode::Kind kind, const SearchKey& key) const {
    reading::SearchNode node = text(kind, key);
    node.kind = kind;  // also of an empty text: the field exists
    node.field = to_lower(trim(key.field)) + ":";
    return node;
  }

  reading::SearchNode text(reading::SearchNode::Kind kind, const SearchKey& key) const {
    reading::SearchNode node{.kind = kind, .text = needle(key.text)};
    if (node.text.empty()) return reading::always(true);
    if (key.fuzzy) node.words = reading::words_of(node.text);
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

}  // namespace

std::optional<reading::SearchPlan> plan_search(const wire::SearchProgram& program,
                                               const SearchMeaning& meaning) {
  const std::string& charset = program.charset;
  if (!charset.empty() && charset != "US-ASCII" && charset != "UTF-8" && !mail::is_known_charset(charset))
    return std::nullopt;
  const Meaning means(meaning, charset);
  std::vector<reading::SearchTerm> terms;
  terms.reserve(program.keys.size());
  for (const SearchKey& key : program.keys) terms.push_back({means.node(key), key.operands});
  return reading::plan_of(std::move(terms));
}

rt::Task<std::optional<reading::SearchPlan>> plan_beside(io::World& world, const wire::SearchProgram& program,
                                                         const SearchMeaning& meaning) {
  size_t octets = 0;
  for (const wire::SearchKey& key : program.keys) octets += key.text.size();
  if (octets <= kTextOctetsAtOnce) co_return plan_search(program, meaning);
  co_return co_await rt::offload(world.blocking, plan_search, program, meaning);
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

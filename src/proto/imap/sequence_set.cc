#include "proto/imap/sequence_set.h"

#include <algorithm>

#include "base/bytes.h"

namespace pabal::proto::imap {

namespace {

// seq-number: 1…4294967295 without leading zeros, or "*".
std::optional<uint32_t> take_number(std::string_view& text) {
  if (text.starts_with('*')) {
    text.remove_prefix(1);
    return kStar;
  }
  uint64_t value = 0;
  size_t length = 0;
  while (length < text.size() && is_digit(text[length])) {
    value = value * 10 + static_cast<uint64_t>(text[length] - '0');
    if (value == 0 || value > UINT32_MAX) return std::nullopt;
    ++length;
  }
  if (length == 0) return std::nullopt;
  text.remove_prefix(length);
  return static_cast<uint32_t>(value);
}

void append_range(std::string& out, const NumberRange& range) {
  auto put = [&out](uint32_t number) {
    if (number == kStar)
      out += '*';
    else
      out += std::to_string(number);
  };
  if (!out.empty()) out += ',';
  put(range.first);
  if (range.last == range.first) return;
  out += ':';
  put(range.last);
}

}  // namespace

std::vector<NumberRange> normalize(const SequenceSet& set, uint32_t highest) {
  std::vector<NumberRange> sorted;
  sorted.reserve(set.ranges.size());
  for (NumberRange range : set.ranges) {
    // In an empty mailbox "4:*" lies between 4 and nothing.
    if (highest == 0 && (range.first == kStar || range.last == kStar)) continue;
    if (range.first == kStar) range.first = highest;
    if (range.last == kStar) range.last = highest;
    if (range.first > range.last) std::swap(range.first, range.last);
    sorted.push_back(range);
  }
  std::ranges::sort(sorted, {}, &NumberRange::first);

  std::vector<NumberRange> joined;
  for (const NumberRange& range : sorted) {
    if (!joined.empty() && uint64_t{range.first} <= uint64_t{joined.back().last} + 1)
      joined.back().last = std::max(joined.back().last, range.last);
    else
      joined.push_back(range);
  }
  return joined;
}

std::optional<SequenceSet> parse_sequence_set(std::string_view text) {
  SequenceSet set;
  if (text == "$") {
    set.saved = true;
    return set;
  }
  while (true) {
    auto first = take_number(text);
    if (!first || set.ranges.size() == kSetRangesMax) return std::nullopt;
    NumberRange range{*first, *first};
    if (text.starts_with(':')) {
      text.remove_prefix(1);
      auto last = take_number(text);
      if (!last) return std::nullopt;
      range.last = *last;
    }
    set.ranges.push_back(range);
    if (text.empty()) return set;
    if (text[0] != ',') return std::nullopt;
    text.remove_prefix(1);
  }
}

std::string format_set(const std::vector<uint32_t>& rising) {
  std::string out;
  for (size_t begin = 0; begin < rising.size();) {
    size_t end = begin + 1;
    while (end < rising.size() && rising[end] == rising[end - 1] + 1) ++end;
    append_range(out, {rising[begin], rising[end - 1]});
    begin = end;
  }
  return out;
}

std::string format_set(const std::vector<NumberRange>& ranges) {
  std::string out;
  for (const NumberRange& range : ranges) append_range(out, range);
  return out;
}

}  // namespace pabal::proto::imap

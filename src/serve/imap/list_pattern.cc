#include "serve/imap/list_pattern.h"

#include <algorithm>

#include "base/bytes.h"
#include "serve/imap/names.h"

namespace pabal::serve::imap {

namespace {

constexpr std::string_view kInbox = "INBOX";

void set_bit(std::vector<uint64_t>& words, size_t bit) {
  words[bit / 64] |= uint64_t{1} << (bit % 64);
}

// "%*%" is "*", "%%" is "%": no two wildcards stand side by side.
std::string without_repeats(std::string_view pattern) {
  std::string out;
  for (char c : pattern) {
    bool wild = c == '*' || c == '%';
    bool after_wild = !out.empty() && (out.back() == '*' || out.back() == '%');
    if (wild && after_wild) {
      if (c == '*') out.back() = '*';
    } else {
      out += c;
    }
  }
  return out;
}

size_t count_levels(std::string_view name) {
  return 1 + static_cast<size_t>(std::ranges::count(name, kDelimiter));
}

}  // namespace

ListPattern::ListPattern(std::string_view pattern) {
  std::string items = without_repeats(pattern);
  auto is_literal = [](char c) { return c != '*' && c != '%'; };
  if (static_cast<size_t>(std::ranges::count_if(items, is_literal)) > kShownNameMax) return;
  end_ = items.size();
  words_ = end_ / 64 + 1;
  star_.assign(words_, 0);
  percent_.assign(words_, 0);
  now_.assign(words_, 0);
  next_.assign(words_, 0);
  for (size_t i = 0; i < items.size(); ++i) {
    if (items[i] == '*') {
      set_bit(star_, i);
    } else if (items[i] == '%') {
      set_bit(percent_, i);
    } else {
      Words& places = literal_[static_cast<unsigned char>(items[i])];
      places.resize(words_);
      set_bit(places, i);
    }
  }
}

// A wildcard may stand for nothing.
void ListPattern::close(Words& states) const {
  uint64_t carry = 0;
  for (size_t w = 0; w < words_; ++w) {
    uint64_t wild = states[w] & (star_[w] | percent_[w]);
    states[w] |= (wild << 1) | carry;
    carry = wild >> 63;
  }
}

// False: no name that begins like this is matched.
bool ListPattern::step(unsigned char c, bool any_case) {
  const Words& as_it_is = literal_[c];
  const Words& other_case = literal_[any_case ? static_cast<unsigned char>(c | 0x20) : c];
  uint64_t carry = 0, any = 0;
  for (size_t w = 0; w < words_; ++w) {
    uint64_t literal = (as_it_is.empty() ? 0 : as_it_is[w]) | (other_case.empty() ? 0 : other_case[w]);
    uint64_t moves = now_[w] & literal;
    uint64_t stays = now_[w] & (star_[w] | (c != kDelimiter ? percent_[w] : 0));
    next_[w] = (moves << 1) | carry | stays;
    carry = moves >> 63;
    any |= next_[w];
  }
  close(next_);
  now_.swap(next_);
  return any != 0;
}

void ListPattern::match_levels(std::string_view name, std::vector<char>& levels) {
  if (words_ == 0) return;
  std::ranges::fill(now_, 0);
  set_bit(now_, 0);
  close(now_);
  bool inbox = name == kInbox || (name.starts_with(kInbox) && name[kInbox.size()] == kDelimiter);
  auto accepts = [&] { return (now_[end_ / 64] >> (end_ % 64) & 1) != 0; };
  size_t level = 0;
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] == kDelimiter && accepts()) levels[level] = 1;
    if (name[i] == kDelimiter) ++level;
    if (!step(static_cast<unsigned char>(name[i]), inbox && i < kInbox.size())) return;
  }
  if (accepts()) levels[level] = 1;
}

ListPatterns::ListPatterns(std::string_view reference, const std::vector<std::string>& patterns) {
  for (const std::string& pattern : patterns) {
    if (!pattern.empty()) patterns_.emplace_back(std::string(reference) + pattern);
  }
}

void ListPatterns::match_levels(std::string_view name, std::vector<char>& levels) {
  levels.assign(count_levels(name), 0);
  for (ListPattern& pattern : patterns_) pattern.match_levels(name, levels);
}

bool ListPatterns::match(std::string_view name) {
  match_levels(name, levels_);
  return levels_.back() != 0;
}

}  // namespace pabal::serve::imap

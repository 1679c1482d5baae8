#include "base/number_ranges.h"

#include <algorithm>

namespace pabal {

void add_to(std::vector<NumberRange>& ranges, uint32_t number) {
  if (!ranges.empty() && uint64_t{ranges.back().last} + 1 == number)
    ranges.back().last = number;
  else
    ranges.push_back({number, number});
}

bool contains(const std::vector<NumberRange>& rising, uint32_t number) {
  auto above = std::ranges::upper_bound(rising, number, {}, &NumberRange::first);
  return above != rising.begin() && std::prev(above)->last >= number;
}

std::vector<NumberRange> intersection(const std::vector<NumberRange>& a, const std::vector<NumberRange>& b) {
  std::vector<NumberRange> out;
  for (auto left = a.begin(), right = b.begin(); left != a.end() && right != b.end();) {
    NumberRange both{std::max(left->first, right->first), std::min(left->last, right->last)};
    if (both.first <= both.last) out.push_back(both);
    if (left->last < right->last)
      ++left;
    else
      ++right;
  }
  return out;
}

}  // namespace pabal

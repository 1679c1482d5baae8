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

}  // namespace pabal

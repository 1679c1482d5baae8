#include "serve/imap/window.h"

#include <algorithm>

namespace pabal::serve::imap {

std::vector<NumberRange> window_of(const std::vector<NumberRange>& rising,
                                   const proto::imap::ReturnOptions::PartialRange& partial) {
  uint64_t count = 0;
  for (const NumberRange& range : rising) count += uint64_t{range.last} - range.first + 1;
  uint64_t first = partial.first, last = partial.last;  // places, from 1
  if (partial.from_end) {
    if (partial.first > count) return {};
    last = count - partial.first + 1;
    first = partial.last >= count ? 1 : count - partial.last + 1;
  }
  std::vector<NumberRange> out;
  uint64_t before = 0;
  for (const NumberRange& range : rising) {
    uint64_t length = uint64_t{range.last} - range.first + 1;
    uint64_t from = std::max<uint64_t>(first, before + 1), to = std::min<uint64_t>(last, before + length);
    if (from <= to)
      out.push_back({static_cast<uint32_t>(range.first + (from - before - 1)),
                     static_cast<uint32_t>(range.first + (to - before - 1))});
    before += length;
  }
  return out;
}

}  // namespace pabal::serve::imap

// Numbers of a fixed width: dates and times stand in every delivery's header and log
// line, and printf spends most of its time on its format.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>

namespace pabal {

struct Digits {
  int64_t number;
  size_t width;       // with zeros in front, as printf's "%0*d": a minus sign counts
  char behind = 0;    // what follows, 0 for nothing
};

inline void append_digits(std::string& out, std::initializer_list<Digits> all) {
  for (Digits each : all) {
    if (each.number < 0) out += '-';
    const size_t width = each.number < 0 && each.width > 0 ? each.width - 1 : each.width;
    auto left = static_cast<uint64_t>(each.number);
    if (each.number < 0) left = 0 - left;
    std::array<char, 20> backwards;
    size_t count = 0;
    for (; left > 0; left /= 10) backwards[count++] = static_cast<char>('0' + left % 10);
    out.append(width - std::min(width, count), '0');
    while (count > 0) out += backwards[--count];
    if (each.behind != 0) out += each.behind;
  }
}

}  // namespace pabal

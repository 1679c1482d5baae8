#include "base/time.h"

#include <ctime>

#include "base/digits.h"
#include "base/seconds.h"

namespace pabal {

std::string to_rfc3339(Time t) {
  const auto [seconds, millis] = split_seconds(t);
  tm parts{};
  gmtime_r(&seconds, &parts);
  std::string text;
  append_digits(text, {{parts.tm_year + 1900, 4, '-'},
                       {parts.tm_mon + 1, 2, '-'},
                       {parts.tm_mday, 2, 'T'},
                       {parts.tm_hour, 2, ':'},
                       {parts.tm_min, 2, ':'},
                       {parts.tm_sec, 2, '.'},
                       {millis, 3, 'Z'}});
  return text;
}

std::string to_text(Duration d) {
  struct Unit {
    int64_t ms;
    const char* name;
  };
  constexpr Unit units[] = {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1'000, "s"}};
  int64_t ms = d.count();
  for (const Unit& unit : units) {
    if (ms != 0 && ms % unit.ms == 0) return std::to_string(ms / unit.ms) + unit.name;
  }
  return std::to_string(ms) + "ms";
}

}  // namespace pabal

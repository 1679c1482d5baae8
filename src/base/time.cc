#include "base/time.h"

#include <cstdio>
#include <ctime>

#include "base/seconds.h"

namespace pabal {

std::string to_rfc3339(Time t) {
  const auto [seconds, millis] = split_seconds(t);
  tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900, parts.tm_mon + 1,
           parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, millis);
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

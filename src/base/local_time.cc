#include "base/local_time.h"

#include <cstdlib>
#include <ctime>

#include "base/digits.h"
#include "base/seconds.h"

namespace pabal {

LocalTime local_time(Time t) {
  const auto [seconds, millis] = split_seconds(t);
  tm parts{};
  localtime_r(&seconds, &parts);
  LocalTime local;
  append_digits(local.date, {{parts.tm_year + 1900, 4, '-'}, {parts.tm_mon + 1, 2, '-'}, {parts.tm_mday, 2}});
  append_digits(local.clock,
                {{parts.tm_hour, 2, ':'}, {parts.tm_min, 2, ':'}, {parts.tm_sec, 2, '.'}, {millis, 3}});
  const long minutes = std::labs(parts.tm_gmtoff) / 60;
  local.offset = parts.tm_gmtoff < 0 ? '-' : '+';
  append_digits(local.offset, {{minutes / 60, 2, ':'}, {minutes % 60, 2}});
  return local;
}

std::string to_local_text(Time t) {
  LocalTime local = local_time(t);
  return local.date + ' ' + local.clock.substr(0, 8) + ' ' + local.offset;
}

std::string to_local_rfc3339(Time t) {
  LocalTime local = local_time(t);
  return local.date + 'T' + local.clock + local.offset;
}

}  // namespace pabal

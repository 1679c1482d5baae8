#include "base/local_time.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "base/seconds.h"

namespace pabal {

LocalTime local_time(Time t) {
  const auto [seconds, millis] = split_seconds(t);
  tm parts{};
  localtime_r(&seconds, &parts);
  char date[32], clock[32], offset[32];
  snprintf(date, sizeof date, "%04d-%02d-%02d", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
  snprintf(clock, sizeof clock, "%02d:%02d:%02d.%03d", parts.tm_hour, parts.tm_min, parts.tm_sec, millis);
  long minutes = std::labs(parts.tm_gmtoff) / 60;
  snprintf(offset, sizeof offset, "%c%02ld:%02ld", parts.tm_gmtoff < 0 ? '-' : '+', minutes / 60,
           minutes % 60);
  return {date, clock, offset};
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

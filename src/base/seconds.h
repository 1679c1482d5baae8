// A point in time as the C library takes it. For this folder's own use.
#pragma once

#include <ctime>

#include "base/time.h"

namespace pabal {

struct Seconds {
  time_t seconds = 0;
  int millis = 0;  // 0..999, also before 1970
};

inline Seconds split_seconds(Time t) {
  auto millis = static_cast<int>(t.ms % 1000);
  auto seconds = static_cast<time_t>(t.ms / 1000);
  return millis < 0 ? Seconds{seconds - 1, millis + 1000} : Seconds{seconds, millis};
}

}  // namespace pabal

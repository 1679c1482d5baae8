// Times as people at this machine read them: local, with the offset from UTC, so
// that they can be compared with anybody's. What programs read (--json) is
// to_rfc3339 of base/time.h.
#pragma once

#include <string>

#include "base/time.h"

namespace pabal {

// "2026-11-21 18:30:00 +09:00": RFC 3339 with a blank, as its §5.6 allows.
std::string to_local_text(Time t);
// "2026-11-21T18:30:00.125+09:00": one word, for logs.
std::string to_local_rfc3339(Time t);

// The pieces: "2026-11-21", "18:30:00.125", "+09:00".
struct LocalTime {
  std::string date, clock, offset;
};
LocalTime local_time(Time t);

}  // namespace pabal

// Dates of header fields (RFC 5322 §3.3, obsolete forms §4.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace pabal::mail {

struct Date {
  Time time;
  int offset_minutes = 0;  // east of UTC; -0000 and unknown zones give 0

  bool operator==(const Date&) const = default;
};

// Tolerant: two-digit years, named and military zones, comments, missing weekday,
// seconds or zone, asctime order, text behind the date. nullopt if there is no date.
std::optional<Date> parse_date(std::string_view text);

// "Sat, 21 Nov 2026 18:30:00 +0900".
std::string format_date(Time time, int offset_minutes = 0);

}  // namespace pabal::mail

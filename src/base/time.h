// Two clocks, two types: Time is the calendar (UTC), Instant only measures.
// A deadline is always an Instant, so that setting the clock moves no deadline.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace pabal {

using Duration = std::chrono::milliseconds;

// Milliseconds since 1970-01-01T00:00:00Z.
struct Time {
  int64_t ms = 0;
  auto operator<=>(const Time&) const = default;
};
constexpr Time operator+(Time t, Duration d) {
  return {t.ms + d.count()};
}
constexpr Time operator-(Time t, Duration d) {
  return {t.ms - d.count()};
}
constexpr Duration operator-(Time a, Time b) {
  return Duration(a.ms - b.ms);
}

// Microseconds since an arbitrary point; never set back.
struct Instant {
  int64_t us = 0;
  auto operator<=>(const Instant&) const = default;
  static constexpr Instant never() { return {INT64_MAX}; }
};
constexpr Instant operator+(Instant t, std::chrono::microseconds d) {
  return {t.us + d.count()};
}
constexpr std::chrono::microseconds operator-(Instant a, Instant b) {
  return std::chrono::microseconds(a.us - b.us);
}

// "2026-11-21T09:30:00.125Z" (RFC 3339).
std::string to_rfc3339(Time t);

// "4h", "90s", "5d", "250ms": a whole number and its unit, as config has it.
std::string to_text(Duration d);

}  // namespace pabal

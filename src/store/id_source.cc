#include "store/id_source.h"

#include <algorithm>

namespace pabal::store {

namespace {

constexpr int64_t kEpochMs = 1'577'836'800'000;  // 2020-01-01T00:00:00Z
constexpr int kCounterBits = 20;
// In 2159. A clock that says more is not believed, so that ids stay within 63 bits.
constexpr int64_t kClockMaxMs = int64_t{1} << 42;

// splitmix64: spreads the counter's beginnings; not a secret.
uint64_t mix(uint64_t x) {
  x += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

}  // namespace

int64_t first_id_at(Time time) {
  return std::clamp<int64_t>(time.ms - kEpochMs, 0, kClockMaxMs) << kCounterBits;
}

int64_t IdSource::next() {
  int64_t base = first_id_at(clock_.now());
  // The upper half of the counter is left for those that follow.
  uint64_t start = mix(seed_ ^ static_cast<uint64_t>(base)) >> (64 - kCounterBits + 1);
  int64_t fresh = base + static_cast<int64_t>(start) + 1;
  int64_t last = last_.load(std::memory_order_relaxed);
  int64_t id;
  do {
    id = std::max(last + 1, fresh);
  } while (!last_.compare_exchange_weak(last, id, std::memory_order_relaxed));
  return id;
}

}  // namespace pabal::store

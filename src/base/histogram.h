// Histogram: how long something took, counted by bounds, for the metrics.
// Written and read from any thread; a reader may see a duration in one of its
// counts and not yet in the other.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace pabal {

class Histogram {
 public:
  // Upper bounds in microseconds: from a reply out of memory to a server that
  // answers after minutes. Steps of about three, as the eye reads them.
  static constexpr std::array<int64_t, 16> kBoundsUs = {
      100,       300,       1'000,      3'000,      10'000,     30'000,      100'000,     300'000,
      1'000'000, 3'000'000, 10'000'000, 30'000'000, 60'000'000, 120'000'000, 300'000'000, 600'000'000};

  void observe(std::chrono::microseconds took) {
    size_t bucket = 0;
    while (bucket < kBoundsUs.size() && took.count() > kBoundsUs[bucket]) ++bucket;
    counts_[bucket].fetch_add(1, std::memory_order_relaxed);
    sum_us_.fetch_add(took.count() > 0 ? static_cast<uint64_t>(took.count()) : 0, std::memory_order_relaxed);
  }

  // Of this bucket alone; the last one is what lies above every bound.
  uint64_t count(size_t bucket) const { return counts_[bucket].load(std::memory_order_relaxed); }
  uint64_t sum_us() const { return sum_us_.load(std::memory_order_relaxed); }

 private:
  std::array<std::atomic<uint64_t>, kBoundsUs.size() + 1> counts_{};
  std::atomic<uint64_t> sum_us_ = 0;
};

}  // namespace pabal

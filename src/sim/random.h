// Seeded randomness (splitmix64): the same seed, the same octets.
#pragma once

#include <cstdint>
#include <span>

#include "io/world.h"

namespace pabal::sim {

class SimRandom : public io::Random {
 public:
  explicit SimRandom(uint64_t seed) : state_(seed) {}

  void fill(std::span<char> into) override;

  uint64_t next();
  // 0 .. n-1; n > 0.
  uint64_t below(uint64_t n) { return next() % n; }
  // 1 .. n; n > 0.
  uint64_t up_to(uint64_t n) { return below(n) + 1; }
  bool chance(unsigned percent) { return below(100) < percent; }

 private:
  uint64_t state_;
};

}  // namespace pabal::sim

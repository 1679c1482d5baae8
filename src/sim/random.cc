#include "sim/random.h"

#include <algorithm>
#include <cstring>

namespace pabal::sim {

uint64_t SimRandom::next() {
  uint64_t z = (state_ += 0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

void SimRandom::fill(std::span<char> into) {
  while (!into.empty()) {
    uint64_t value = next();
    size_t n = std::min(into.size(), sizeof value);
    memcpy(into.data(), &value, n);
    into = into.subspan(n);
  }
}

}  // namespace pabal::sim

// Fingerprint: a rolling hash (FNV-1a, 64 bits) of everything that happened in
// a simulated world. Two runs of one seed must end with the same value.
#pragma once

#include <cstdint>
#include <string_view>

namespace pabal::sim {

class Fingerprint {
 public:
  void mix(uint64_t number) {
    for (int i = 0; i < 8; ++i) octet(static_cast<uint8_t>(number >> (8 * i)));
  }
  void mix(std::string_view bytes) {
    mix(static_cast<uint64_t>(bytes.size()));
    for (char c : bytes) octet(static_cast<uint8_t>(c));
  }
  uint64_t value() const { return hash_; }

 private:
  void octet(uint8_t o) { hash_ = (hash_ ^ o) * 0x100000001B3; }
  uint64_t hash_ = 0xCBF29CE484222325;
};

}  // namespace pabal::sim

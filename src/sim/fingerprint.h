// Fingerprint: a rolling hash (as FNV-1a, but of eight octets at a time) of
// everything that happened in a simulated world. Two runs of one seed must end
// with the same value.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace pabal::sim {

class Fingerprint {
 public:
  void mix(uint64_t number) {
    hash_ = (hash_ ^ number) * kPrime;
    hash_ ^= hash_ >> 32;
  }
  void mix(std::string_view bytes) {
    mix(static_cast<uint64_t>(bytes.size()));
    for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
      uint64_t word;
      std::memcpy(&word, bytes.data(), 8);
      mix(word);
    }
    for (char c : bytes) mix(static_cast<uint64_t>(static_cast<uint8_t>(c)));
  }
  uint64_t value() const { return hash_; }

 private:
  static constexpr uint64_t kPrime = 0x9E3779B97F4A7C15;
  uint64_t hash_ = 0xCBF29CE484222325;
};

}  // namespace pabal::sim

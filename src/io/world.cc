#include "io/world.h"

#include <cstring>

namespace pabal::io {

std::string Random::octets(size_t n) {
  std::string out(n, '\0');
  fill(std::span(out));
  return out;
}

std::string Random::token(size_t n) {
  // 32 signs, so that every octet maps without bias; none that look alike.
  constexpr char signs[] = "abcdefghjkmnpqrstuvwxyz023456789";
  std::string out = octets(n);
  for (char& c : out) c = signs[static_cast<unsigned char>(c) % 32];
  return out;
}

uint64_t Random::number() {
  std::string bytes = octets(8);
  uint64_t value;
  memcpy(&value, bytes.data(), sizeof value);
  return value;
}

}  // namespace pabal::io

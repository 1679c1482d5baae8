// Numbers as they stand in SQLite's files. Big-endian unless said otherwise.
#pragma once

#include <cstdint>
#include <string_view>

namespace pabal::store {

// The caller has seen to it that so many octets are there.
inline uint32_t get_u8(std::string_view bytes, size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}
inline uint32_t get_u16(std::string_view bytes, size_t at) {
  return get_u8(bytes, at) << 8 | get_u8(bytes, at + 1);
}
inline uint32_t get_u32(std::string_view bytes, size_t at) {
  return get_u16(bytes, at) << 16 | get_u16(bytes, at + 2);
}
inline uint32_t get_u32_little(std::string_view bytes, size_t at) {
  return get_u8(bytes, at) | get_u8(bytes, at + 1) << 8 | get_u8(bytes, at + 2) << 16 |
         get_u8(bytes, at + 3) << 24;
}

// One to nine octets, seven bits each but for the ninth. Moves `at` behind it;
// false, and nothing is moved, if `bytes` ends before.
inline bool get_varint(std::string_view bytes, size_t& at, uint64_t& value) {
  value = 0;
  for (size_t i = 0; i < 9 && at + i < bytes.size(); ++i) {
    uint32_t octet = get_u8(bytes, at + i);
    if (i == 8) {
      value = value << 8 | octet;
    } else {
      value = value << 7 | (octet & 0x7F);
      if ((octet & 0x80) != 0) continue;
    }
    at += i + 1;
    return true;
  }
  return false;
}

}  // namespace pabal::store

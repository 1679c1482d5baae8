// Reading and writing big-endian numbers; for the .cc files of this folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/dns/name.h"

namespace pabal::proto::dns {

inline void put16(std::string& out, uint16_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value & 0xFF);
}
inline void put32(std::string& out, uint32_t value) {
  put16(out, static_cast<uint16_t>(value >> 16));
  put16(out, static_cast<uint16_t>(value & 0xFFFF));
}

// Goes wrong once and stays wrong: ask ok() at the end.
class Cursor {
 public:
  Cursor(std::string_view bytes, size_t at, Compression compression)
      : bytes_(bytes), at_(at), compression_(compression) {}

  uint16_t u16() {
    std::string_view two = take(2);
    if (two.size() < 2) return 0;
    return static_cast<uint16_t>(static_cast<uint8_t>(two[0]) << 8 | static_cast<uint8_t>(two[1]));
  }
  uint32_t u32() {
    uint32_t high = u16();
    return high << 16 | u16();
  }
  std::string_view take(size_t count) {
    if (!ok_ || bytes_.size() - at_ < count) {
      ok_ = false;
      return {};
    }
    std::string_view taken = bytes_.substr(at_, count);
    at_ += count;
    return taken;
  }
  std::string name() {
    auto decoded = ok_ ? decode_name(bytes_, at_, compression_) : std::nullopt;
    ok_ = decoded.has_value();
    return ok_ ? *std::move(decoded) : std::string();
  }
  size_t at() const { return at_; }
  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && at_ == bytes_.size(); }

 private:
  std::string_view bytes_;
  size_t at_;
  Compression compression_;
  bool ok_ = true;
};

}  // namespace pabal::proto::dns

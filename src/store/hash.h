// SHA-256, by which message bytes are named and checked; XXH3, by which they are
// checked at each reading because it is ten times as fast, and block by block, so
// that a piece costs what it is long (ADR 13).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace pabal::store {

// 32 octets.
std::string sha256(std::string_view bytes);

// XXH3-64 as the database keeps it: finds chance damage, proves nothing.
int64_t checksum(std::string_view bytes);

// What is longer than this is checked block by block, so that a piece of it can be
// read without the rest.
inline constexpr size_t kChecksumBlockOctets = 64 << 10;

// The checksum of each block, in order, 8 octets each, little-endian; the last block
// is as long as what is left. "" of bytes that are no longer than one block.
std::string block_checksums(std::string_view bytes);

// By what bytes that were stored are known again.
struct BytesProof {
  std::string hash;  // SHA-256
  // Either saves computing the hash; without them, or if they are damaged, the hash decides.
  std::optional<int64_t> checksum = {};  // of all the bytes
  std::string blocks = {};               // their block_checksums()
  bool fits(std::string_view bytes) const;

  // Whether `size_octets` bytes can be known by their blocks.
  bool has_blocks(uint64_t size_octets) const;
  // `bytes` begin with block `first` and end with a block.
  bool fits_blocks(uint64_t first, std::string_view bytes) const;
};

// SHA-256 over bytes that come piece by piece.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  ~Sha256();
  void update(std::string_view bytes);
  std::string finish();  // once
  Sha256 copy() const;   // of what has come so far

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace pabal::store

// SHA-256, by which message bytes are named and checked; XXH3, by which they are
// checked at each reading because it is ten times as fast.
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

// By what bytes that were stored are known again.
struct BytesProof {
  std::string hash;                 // SHA-256
  std::optional<int64_t> checksum;  // saves computing it; without, or if that is damaged, the hash decides
  bool fits(std::string_view bytes) const;
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

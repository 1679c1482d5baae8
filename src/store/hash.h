// SHA-256, by which message bytes are named and checked.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace pabal::store {

// 32 octets.
std::string sha256(std::string_view bytes);

// The same over bytes that come piece by piece.
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

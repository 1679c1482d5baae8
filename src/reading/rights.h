// Rights on a mailbox (RFC 4314 §2.1).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/portable.h"
#include "store/sharing.h"

namespace pabal::reading {

using store::kAnyone;

class Rights {
 public:
  // In the order in which they are written.
  static constexpr std::string_view kLetters = "lrswipkxtea";

  Rights() = default;
  // Letters; the obsolete "c" and "d" stand for "kx" and "te" (RFC 4314 §2.1.1);
  // what is no right is left out.
  explicit Rights(std::string_view letters);
  static Rights all() { return Rights(kLetters); }

  bool has(char right) const { return (bits_ & bit(right)) != 0; }
  bool any_of(std::string_view letters) const { return (bits_ & Rights(letters).bits_) != 0; }
  Rights with(Rights more) const { return Rights(bits_ | more.bits_); }
  Rights without(Rights less) const { return Rights(bits_ & ~less.bits_); }
  bool none() const { return bits_ == 0; }
  bool operator==(const Rights&) const = default;
  // "lrswip…"; with the obsolete "c" and "d" behind when their parts are there.
  std::string text(bool obsolete = false) const;

 private:
  explicit Rights(uint32_t bits) : bits_(bits) {}
  static uint32_t bit(char right);
  uint32_t bits_ = 0;
};

// Every letter is a right, also an obsolete one.
bool are_rights(std::string_view letters);

// All that store::has_right() says of this address.
Rights rights_by(const std::vector<store::AclEntry>& acl, std::string_view address);

}  // namespace pabal::reading

template <>
inline constexpr bool pabal::kPortable<pabal::reading::Rights> = true;

// Flags by their names (RFC 9051 §2.3.2), and which of them one may change (RFC 4314 §4).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reading/rights.h"

namespace pabal::reading {

struct FlagNames {
  uint64_t system = 0;                // bits of store::Flag
  std::vector<std::string> keywords;  // without system flags, as written
  std::string unknown;                // a system flag that there is not
};
// \Recent is left out: it is the server's.
FlagNames split_flags(const std::vector<std::string>& flags);

// The bits of flags and keywords that one may change (RFC 4314 §4).
uint64_t allowed_bits(const Rights& rights);

}  // namespace pabal::reading

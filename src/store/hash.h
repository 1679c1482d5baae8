// SHA-256, by which message bytes are named and checked.
#pragma once

#include <string>
#include <string_view>

namespace pabal::store {

// 32 octets.
std::string sha256(std::string_view bytes);

}  // namespace pabal::store

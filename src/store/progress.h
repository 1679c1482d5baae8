// Progress of work that takes long, for a terminal.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace pabal::store {

// What is being done, how much of it, and of how much.
using Progress = std::function<void(std::string_view doing, uint64_t done, uint64_t total)>;

}  // namespace pabal::store

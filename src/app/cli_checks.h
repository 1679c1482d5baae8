// What options and arguments may be, with a sentence for those who wrote something else.
#pragma once

#include <cstdint>

namespace CLI {
class Option;
}

namespace pabal::app {

// Of both, both included.
void check_whole_number(CLI::Option* option, uint64_t least, uint64_t most = UINT32_MAX);

}  // namespace pabal::app

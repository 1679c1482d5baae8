// Rebuild: makes derived data anew from what it is derived from. Counters, and
// rows that hang on nothing any more, in one transaction; then summaries and
// texts for searches are thrown away, and the server makes them again.
#pragma once

#include <string>
#include <vector>

#include "store/counters.h"
#include "store/store.h"

namespace pabal::store {

struct RebuildResult {
  std::vector<WrongCounter> repaired;  // with what they were before
  uint64_t leftovers = 0;              // rows that were removed
  uint64_t feeds = 0;                  // change feeds that begin anew
  uint64_t summaries = 0;              // that were thrown away
};

// A server may be running: nothing that is rebuilt is kept in its memory. Throws
// StoreError; then the part that was at work is as before.
RebuildResult rebuild_store(io::World& world, const std::string& directory);

}  // namespace pabal::store

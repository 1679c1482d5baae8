// Rebuild: makes derived data anew from what it is derived from, part by part,
// each in one transaction. Parts: counters. (MIME structure and the search index
// will be further ones.)
#pragma once

#include <string>
#include <vector>

#include "store/counters.h"
#include "store/store.h"

namespace pabal::store {

struct RebuildResult {
  std::vector<WrongCounter> repaired;  // with what they were before
};

// A server may be running: nothing that is rebuilt is kept in its memory. Throws
// StoreError; then the part that was at work is as before.
RebuildResult rebuild_store(io::World& world, const std::string& directory);

}  // namespace pabal::store

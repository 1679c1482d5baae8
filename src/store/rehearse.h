// Rehearse: what upgrading the schema would do to a store, on a copy of its
// database that is removed afterwards.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "io/world.h"
#include "store/progress.h"

namespace pabal::store {

struct Rehearsal {
  struct Table {
    std::string name;
    std::optional<uint64_t> before, after;  // rows; without: the table is not there
  };
  int from_version = 0, to_version = 0;
  uint64_t database_octets = 0;
  Duration copying{}, upgrading{};
  std::vector<Table> tables;
  std::vector<std::string> changes;   // "table change: new", "index mail_message: gone"
  std::vector<std::string> findings;  // what is wrong in the upgraded copy
};

// The copy lies in the store's directory, as large as the database. A server may
// be running. Throws StoreError.
Rehearsal rehearse_upgrade(io::World& world, const std::string& directory, const Progress& progress);

}  // namespace pabal::store

#include "store/rebuild.h"

#include "store/open.h"

namespace pabal::store {

RebuildResult rebuild_store(io::World& world, const std::string& directory) {
  RebuildResult result;
  try {
    std::unique_ptr<Database> db = open_database(world.disk, directory, false);
    // Looking at everything happens before the lock for writing is taken. What is
    // left open by an exception goes with the connection.
    db->execute("BEGIN");
    std::vector<WrongCounter> wrong = compare_counters(*db);
    db->execute("COMMIT");
    if (wrong.empty()) return result;
    db->execute("BEGIN IMMEDIATE");
    Transaction tx(*db, world.clock.now());
    result.repaired = repair_counters(tx, wrong);
    db->execute("COMMIT");
  } catch (const io::IoError& e) {
    throw StoreError(e.what(), e.fault() == io::IoFault::no_space);
  }
  return result;
}

}  // namespace pabal::store

// What connections to one simulated database file share in memory: the file
// locks of the rollback protocol, and the WAL index with its eight locks.
// https://www.sqlite.org/lockingv3.html, https://www.sqlite.org/walformat.html §2.3
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace pabal::sim {

// Levels of SQLite's file lock, in the values of SQLITE_LOCK_*.
enum class FileLockLevel { none, shared, reserved, pending, exclusive };

struct SqliteHolder {
  FileLockLevel level = FileLockLevel::none;
  bool maps_index = false;
  uint8_t index_shared = 0;  // bit per lock
  uint8_t index_exclusive = 0;
};

class SqliteShared {
 public:
  // True if granted. A refused exclusive lock stays pending: no new readers.
  bool lock(SqliteHolder& who, FileLockLevel level);
  void unlock(SqliteHolder& who, FileLockLevel level) {
    if (who.level > level) who.level = level;
  }
  bool reserved() const;

  void join(SqliteHolder& who) { holders_.push_back(&who); }
  void leave(SqliteHolder& who);

  // A region of the WAL index; nullptr if it is not there and not to be made.
  char* region(size_t number, size_t octets, bool make);
  size_t regions() const { return regions_.size(); }
  bool lock_index(SqliteHolder& who, uint8_t mask, bool exclusive);
  void unlock_index(SqliteHolder& who, uint8_t mask);
  // The last one out forgets the index.
  void unmap(SqliteHolder& who);

 private:
  std::vector<SqliteHolder*> holders_;
  std::vector<std::unique_ptr<char[]>> regions_;
};

}  // namespace pabal::sim

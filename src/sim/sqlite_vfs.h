// SqliteVfs lets SQLite work unmodified on a SimDisk: rollback journal and WAL,
// several connections in one process. What the WAL keeps in shared memory is on
// the heap and lost in a crash. Names of new journals are made durable with
// their first sync, as SQLite's own VFS for Unix does.
//
// Every call but locking counts as an operation ("sqlite.write mx1:/data/pabal.db-wal");
// a failed one is an SQLITE_IOERR of its kind.
#pragma once

#include <memory>
#include <string>

namespace pabal::sim {

class SimDisk;

class SqliteVfs {
 public:
  explicit SqliteVfs(SimDisk& disk);  // registers it under a name of its own
  ~SqliteVfs();                       // all its connections are closed
  SqliteVfs(const SqliteVfs&) = delete;
  SqliteVfs& operator=(const SqliteVfs&) = delete;

  const char* name() const { return name_.c_str(); }

  struct Impl;  // what SQLite hands back to its callbacks

 private:
  std::string name_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pabal::sim

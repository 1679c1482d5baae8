#include "store/open.h"

#include "store/schema.h"
#include "store/store.h"

namespace pabal::store {

void refuse_newer_schema(io::Disk& disk, const std::string& path) {
  // A database that was interrupted while it was made has to be rolled back
  // first, which looking does not do; prepare_schema asks again.
  if (disk.exists(path + "-journal")) return;
  Database db(path, {true, disk.sqlite_vfs()});
  int version = schema_version(db);
  if (version > kSchemaVersion) throw StoreError(too_new(version));
}

std::unique_ptr<Database> open_database(io::Disk& disk, const std::string& directory, bool read_only) {
  std::string path = database_path(directory);
  if (!disk.exists(path)) throw StoreError("there is no store in " + directory);
  refuse_newer_schema(disk, path);
  auto db = std::make_unique<Database>(path, Database::Options{read_only, disk.sqlite_vfs()});
  if (schema_version(*db) != kSchemaVersion) {
    throw StoreError("the store in " + directory +
                     " is older than this program: start the server once, it upgrades the store");
  }
  return db;
}

std::unique_ptr<io::FileLock> lock_closed_store(io::Disk& disk, const std::string& directory) {
  std::unique_ptr<io::FileLock> lock = disk.lock(lock_path(directory));
  if (!lock) throw StoreError("a server is running on " + directory + ": stop it first");
  return lock;
}

}  // namespace pabal::store

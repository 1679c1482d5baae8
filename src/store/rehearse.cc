#include "store/rehearse.h"

#include <map>
#include <memory>

#include "store/counters.h"
#include "store/files.h"
#include "store/open.h"
#include "store/schema.h"
#include "store/store.h"

namespace pabal::store {

namespace {

// Names of tables and indexes and how they are made.
std::map<std::string, std::string> objects(Database& db) {
  std::map<std::string, std::string> found;
  Statement select = db.prepare("SELECT type || ' ' || name, sql FROM sqlite_master WHERE sql IS NOT NULL");
  while (select.step()) found[select.text(0)] = select.text(1);
  return found;
}

std::map<std::string, uint64_t> count_rows(Database& db) {
  std::map<std::string, uint64_t> rows;
  {
    Statement select = db.prepare(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'");
    while (select.step()) rows[select.text(0)] = 0;
  }
  for (auto& [name, count] : rows) {
    Statement select = db.prepare("SELECT count(*) FROM \"" + name + '"');
    select.step();
    count = static_cast<uint64_t>(select.number(0));
  }
  return rows;
}

void compare_objects(const std::map<std::string, std::string>& before,
                     const std::map<std::string, std::string>& after, std::vector<std::string>& changes) {
  for (const auto& [name, sql] : before) {
    auto found = after.find(name);
    if (found == after.end())
      changes.push_back(name + ": gone");
    else if (found->second != sql)
      changes.push_back(name + ": changed");
  }
  for (const auto& [name, sql] : after) {
    if (!before.contains(name)) changes.push_back(name + ": new");
  }
}

void compare_rows(const std::map<std::string, uint64_t>& before, const std::map<std::string, uint64_t>& after,
                  std::vector<Rehearsal::Table>& tables) {
  for (const auto& [name, rows] : before) {
    auto found = after.find(name);
    tables.push_back({name, rows, found == after.end() ? std::nullopt : std::optional(found->second)});
  }
  for (const auto& [name, rows] : after) {
    if (!before.contains(name)) tables.push_back({name, std::nullopt, rows});
  }
}

// The copy, removed at the end however that comes.
class Copy {
 public:
  Copy(io::Disk& disk, std::string path) : disk_(disk), path_(std::move(path)) { remove(); }
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;
  ~Copy() {
    try {
      remove();
    } catch (const io::IoError&) {
      // The next rehearsal removes it.
    }
  }
  const std::string& path() const { return path_; }

 private:
  void remove() {
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
      if (disk_.exists(path_ + suffix)) disk_.remove(path_ + suffix);
    }
  }
  io::Disk& disk_;
  const std::string path_;
};

Rehearsal rehearse(io::World& world, const std::string& directory, const Progress& progress) {
  const std::string path = database_path(directory);
  if (!world.disk.exists(path)) throw StoreError("there is no store in " + directory);
  refuse_newer_schema(world.disk, path);
  Copy copy(world.disk, directory + "/upgrade-rehearsal.db");
  Rehearsal result;
  Time begin = world.clock.now();
  {
    Database db(path, {true, world.disk.sqlite_vfs()});
    db.execute("BEGIN");
    result.from_version = schema_version(db);
    make_private_file(world.disk, copy.path());
    db.copy_to(copy.path(), world.disk.sqlite_vfs(),
               [&](uint64_t done, uint64_t total) { progress("copying the database", done, total); });
    db.execute("COMMIT");
  }
  result.copying = world.clock.now() - begin;
  result.database_octets = world.disk.open(copy.path(), io::OpenMode::read)->size();

  Database db(copy.path(), {false, world.disk.sqlite_vfs()});
  std::map<std::string, std::string> objects_before = objects(db);
  std::map<std::string, uint64_t> rows_before = count_rows(db);
  progress("upgrading the copy", 0, 0);
  begin = world.clock.now();
  prepare_schema(db);
  result.upgrading = world.clock.now() - begin;
  result.to_version = schema_version(db);
  compare_objects(objects_before, objects(db), result.changes);
  compare_rows(rows_before, count_rows(db), result.tables);
  progress("checking the copy", 0, 0);
  Statement check = db.prepare("PRAGMA integrity_check(100)");
  while (check.step()) {
    if (check.view(0) != "ok") result.findings.push_back(check.text(0));
  }
  for (const WrongCounter& wrong : compare_counters(db))
    result.findings.push_back(wrong.name + ": " + wrong.column + " is wrong");
  return result;
}

}  // namespace

Rehearsal rehearse_upgrade(io::World& world, const std::string& directory, const Progress& progress) {
  try {
    return rehearse(world, directory, progress);
  } catch (const io::IoError& e) {
    throw StoreError(e.what(), e.fault() == io::IoFault::no_space);
  }
}

}  // namespace pabal::store

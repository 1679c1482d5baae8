#include <memory>

#include "base/bytes.h"
#include "store/backup.h"
#include "store/files.h"
#include "store/open.h"
#include "store/renewal.h"
#include "store/schema.h"
#include "store/segments.h"
#include "store/store.h"

namespace pabal::store {

namespace {

const char* const kPart = "/pabal.db.part";

// Empty, or what an interrupted restore left.
void refuse_used_directory(io::Disk& disk, const std::string& directory) {
  if (!disk.exists(directory)) return;
  bool interrupted = disk.exists(restoring_path(directory)) && !disk.exists(database_path(directory));
  for (const std::string& name : disk.list(directory)) {
    if (name == "lock" || interrupted) continue;
    throw StoreError(directory + " is not empty: move what is there away first, restore makes a store anew");
  }
}

// Copies and compares; false if the file is not what the manifest says.
bool restore_file(io::Disk& disk, const std::string& from, const std::string& to, uint64_t octets,
                  const std::string& sha256, uint64_t whole_octets) {
  if (!disk.exists(from)) return false;
  std::unique_ptr<io::File> source = disk.open(from, io::OpenMode::read);
  std::unique_ptr<io::File> target = disk.open(to, io::OpenMode::create);
  target->truncate(0);
  Sha256 hash;
  uint64_t there = std::min(octets, source->size());
  copy_octets(*source, target.get(), 0, there, hash);
  if (whole_octets > there) target->allocate(whole_octets);
  target->sync();
  return there == octets && to_hex(hash.finish()) == sha256;
}

// Above what was given after this backup it goes on only once: of what was given after
// a first restore the second knows nothing.
Renewal renewal_after(io::World& world, const std::string& source, const Manifest& manifest) {
  io::Disk& disk = world.disk;
  constexpr int64_t kAgeMax = kGoOnDaysMax * 24 * 3600 * 1000;
  const int64_t age = world.clock.now().ms - manifest.at.ms;
  const std::string mark = restored_mark(source, manifest.generation);
  if (disk.exists(mark) || age < 0 || age > kAgeMax) return Renewal::begin_anew;
  try {
    disk.open(mark, io::OpenMode::create)->sync();
    disk.sync_directory(source);
    return Renewal::go_on;
  } catch (const io::IoError&) {
    return Renewal::begin_anew;  // a backup that cannot be written to
  }
}

RestoreResult restore(io::World& world, const std::string& source, const std::string& directory,
                      const Progress& progress) {
  io::Disk& disk = world.disk;
  std::optional<Manifest> manifest = read_manifest(disk, source);
  if (!manifest) throw StoreError("there is no backup in " + source + " (manifest.json is missing)");
  if (manifest->schema_version > kSchemaVersion) throw StoreError(too_new(manifest->schema_version));
  refuse_used_directory(disk, directory);
  make_durable_directory(disk, directory);
  std::unique_ptr<io::FileLock> lock = lock_closed_store(disk, directory);
  std::unique_ptr<io::File> restoring = disk.open(restoring_path(directory), io::OpenMode::create);
  restoring->sync();
  make_durable_directory(disk, segments_directory(directory));
  disk.sync_directory(directory);

  RestoreResult result;
  for (size_t i = 0; i < manifest->segments.size(); ++i) {
    const BackupSegment& segment = manifest->segments[i];
    progress("restoring segments", i, manifest->segments.size());
    if (!restore_file(disk, source + '/' + segment.file,
                      segment_path(segments_directory(directory), segment.number), segment.used_octets,
                      segment.sha256, segment.octets))
      result.damaged.push_back(source + '/' + segment.file);
  }
  disk.sync_directory(segments_directory(directory));
  progress("restoring the database", 0, 0);
  if (!restore_file(disk, source + '/' + manifest->database_file, directory + kPart,
                    manifest->database_octets, manifest->database_sha256, 0)) {
    throw StoreError(
        source + '/' + manifest->database_file +
        " is damaged (its SHA-256 is not that of the manifest): use another backup, or copy it with its "
        "segments folder to a directory, as pabal.db and segments, and run `pabal store salvage` on that");
  }
  disk.rename(directory + kPart, database_path(directory));
  disk.sync_directory(directory);
  // What has come since the backup is gone, and mail programs may know of it.
  result.renewal = renewal_after(world, source, *manifest);
  restoring->truncate(0);
  restoring->write_at(0, renewal_text(result.renewal, manifest->at));
  restoring->sync();
  disk.rename(restoring_path(directory), renewal_path(directory));
  disk.sync_directory(directory);
  if (manifest->schema_version == kSchemaVersion) result.check = check_store(world, directory, {}, progress);
  result.manifest = std::move(*manifest);
  return result;
}

}  // namespace

RestoreResult restore_store(io::World& world, const std::string& source, const std::string& directory,
                            const Progress& progress) {
  try {
    return restore(world, source, directory, progress);
  } catch (const io::IoError& e) {
    throw StoreError(e.what(), e.fault() == io::IoFault::no_space);
  }
}

}  // namespace pabal::store

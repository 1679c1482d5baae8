#include "store/backup.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "base/bytes.h"
#include "store/files.h"
#include "store/open.h"
#include "store/schema.h"
#include "store/segment_record.h"
#include "store/segments.h"
#include "store/store.h"

namespace pabal::store {

namespace {

constexpr std::string_view kRestoredMark = "restored-";

constexpr int kSnapshotsMax = 5;

// One message in a segment, as the snapshot knows it.
struct Record {
  uint64_t offset;
  uint64_t size_octets;
  std::string hash;
  uint64_t end() const { return offset + record_octets(size_octets); }
};
using Records = std::map<int64_t, std::vector<Record>>;  // by segment; rising offsets

bool has_header(io::File& file, int64_t segment, const Record& record) {
  std::string header(kHeaderOctets, '\0');
  if (file.read_at(record.offset, header) != header.size()) return false;
  std::optional<RecordHeader> found = parse_record_header(header, segment);
  return found && found->length == record.size_octets && found->hash == record.hash;
}

bool has_bytes(io::File& file, int64_t segment, const Record& record) {
  if (!has_header(file, segment, record)) return false;
  Sha256 hash;
  try {
    copy_octets(file, nullptr, record.offset + kHeaderOctets,
                record.offset + kHeaderOctets + record.size_octets, hash);
  } catch (const io::IoError&) {
    return false;
  }
  return hash.finish() == record.hash;
}

class Backup {
 public:
  Backup(io::Disk& disk, const std::string& directory, const std::string& target, const Progress& progress)
      : disk_(disk), directory_(directory), target_(target), progress_(progress) {}

  BackupResult run(Time now) {
    old_ = read_manifest(disk_, target_);
    result_.manifest.generation = old_ ? old_->generation + 1 : 1;
    result_.manifest.at = now;
    for (int attempt = 1; !copy_all(); ++attempt) {
      if (attempt == kSnapshotsMax) {
        throw StoreError("segments went away under " + std::to_string(kSnapshotsMax) +
                         " snapshots in a row: try again when less mail is being deleted");
      }
    }
    disk_.sync_directory(target_ + "/segments");
    disk_.sync_directory(target_);
    write_manifest(disk_, target_, result_.manifest);
    remove_old_files();
    return std::move(result_);
  }

 private:
  // False: the server has removed a segment since the snapshot.
  bool copy_all() {
    Manifest& m = result_.manifest;
    m.segments.clear();
    result_.damaged.clear();
    Records records = copy_database();
    size_t done = 0;
    std::vector<int64_t> missing;
    for (const auto& [segment, of_segment] : records) {
      progress_("copying segments", done++, records.size());
      std::unique_ptr<io::File> source;
      std::string path = segment_path(segments_directory(directory_), segment);
      if (disk_.exists(path)) source = open_if_there(path);
      if (!source) {
        missing.push_back(segment);
        continue;
      }
      m.segments.push_back(copy_segment(segment, *source, of_segment));
    }
    if (missing.empty()) return true;
    std::unique_ptr<Database> db = open();
    for (int64_t segment : missing) {
      if (!db->prepare("SELECT 1 FROM message WHERE segment = ? LIMIT 1").bind(segment).step()) return false;
      keep_old(segment, records[segment].size());
    }
    return true;
  }

  // A segment that the store has lost: what the last backup has of it is all there is.
  void keep_old(int64_t segment, size_t mails) {
    std::string what = segment_path(segments_directory(directory_), segment) +
                       " is missing in the store, with " + std::to_string(mails) + " mails";
    if (const BackupSegment* old = old_segment(segment)) {
      std::vector<BackupSegment>& segments = result_.manifest.segments;
      segments.insert(std::ranges::upper_bound(segments, segment, {}, &BackupSegment::number), *old);
      what += "; the backup keeps what it had of it";
    }
    result_.damaged.push_back(std::move(what));
  }

  std::unique_ptr<io::File> open_if_there(const std::string& path) {
    try {
      return disk_.open(path, io::OpenMode::read);
    } catch (const io::IoError&) {
      if (disk_.exists(path)) throw;
      return nullptr;
    }
  }

  std::unique_ptr<Database> open() {
    std::string path = database_path(directory_);
    if (!disk_.exists(path)) throw StoreError("there is no store in " + directory_);
    refuse_newer_schema(disk_, path);
    return std::make_unique<Database>(path, Database::Options{true, disk_.sqlite_vfs()});
  }

  // Pages are copied as they are: a damaged database must not take the place of a sound one.
  void refuse_damaged(Database& db) {
    progress_("checking the database", 0, 0);
    Statement check = db.prepare("PRAGMA quick_check(1)");
    if (check.step() && check.view(0) != "ok") {
      throw StoreError("the database is damaged (" + check.text(0) +
                       "): `pabal store check` says more. The backup in " + target_ + " is as it was");
    }
  }

  static uint64_t count(Database& db, const char* table) {
    Statement select = db.prepare(std::string("SELECT count(*) FROM ") + table);
    select.step();
    return static_cast<uint64_t>(select.number(0));
  }

  Records copy_database() {
    Manifest& m = result_.manifest;
    m.database_file = "pabal-" + std::to_string(m.generation) + ".db";
    std::string path = target_ + '/' + m.database_file;
    if (disk_.exists(path)) disk_.remove(path);  // of a backup that was interrupted
    make_private_file(disk_, path);
    Records records;
    {
      std::unique_ptr<Database> db = open();
      db->execute("BEGIN");
      m.schema_version = schema_version(*db);
      refuse_damaged(*db);
      m.messages = count(*db, "message");
      m.mails = count(*db, "mail");
      m.queue_entries = count(*db, "queue_entry");
      records = read_records(*db);
      db->copy_to(path, disk_.sqlite_vfs(),
                  [&](uint64_t done, uint64_t total) { progress_("copying the database", done, total); });
      db->execute("COMMIT");
    }
    std::unique_ptr<io::File> copy = disk_.open(path, io::OpenMode::read_write);
    copy->sync();
    m.database_octets = copy->size();
    Sha256 hash;
    copy_octets(*copy, nullptr, 0, m.database_octets, hash);
    m.database_sha256 = to_hex(hash.finish());
    return records;
  }

  static Records read_records(Database& db) {
    Records records;
    Statement select = db.prepare(
        "SELECT segment, segment_offset, size_octets, hash FROM message WHERE segment >= 0 "
        "ORDER BY segment, segment_offset");
    while (select.step()) {
      records[select.number(0)].push_back(
          {static_cast<uint64_t>(select.number(1)), static_cast<uint64_t>(select.number(2)), select.text(3)});
    }
    return records;
  }

  const BackupSegment* old_segment(int64_t number) const {
    if (!old_) return nullptr;
    auto found = std::ranges::find(old_->segments, number, &BackupSegment::number);
    return found == old_->segments.end() ? nullptr : &*found;
  }

  BackupSegment copy_segment(int64_t number, io::File& source, const std::vector<Record>& records) {
    BackupSegment entry;
    entry.number = number;
    entry.octets = source.size();
    entry.used_octets = std::min(records.back().end(), entry.octets);
    if (const BackupSegment* old = old_segment(number)) {
      if (std::optional<BackupSegment> taken = take_over(*old, entry, source, records)) return *taken;
    }
    copy_whole(entry, source, records);
    return entry;
  }

  // What the last backup has of a segment, and what has been added to it since.
  // nullopt: that is another segment of this number, or the backup is damaged.
  std::optional<BackupSegment> take_over(const BackupSegment& old, BackupSegment entry, io::File& source,
                                         const std::vector<Record>& records) {
    std::string path = target_ + '/' + old.file;
    if (!disk_.exists(path)) return std::nullopt;
    std::unique_ptr<io::File> copy = disk_.open(path, io::OpenMode::read_write);
    if (copy->size() < old.used_octets) return std::nullopt;
    for (const Record& record : records) {
      if (record.end() <= old.used_octets && !has_header(*copy, old.number, record)) return std::nullopt;
    }
    if (entry.used_octets <= old.used_octets) return old;
    Sha256 hash;
    copy_octets(*copy, nullptr, 0, old.used_octets, hash);
    Sha256 until_now = hash.copy();
    if (to_hex(until_now.finish()) != old.sha256) return std::nullopt;
    // Behind the end that the old manifest states: it stays true.
    entry.file = old.file;
    append(entry, *copy, source, old.used_octets, hash, records);
    return entry;
  }

  void copy_whole(BackupSegment& entry, io::File& source, const std::vector<Record>& records) {
    std::string usual = segment_path("segments", entry.number);
    std::string name = usual;
    // A file that the old manifest names stays as it is.
    auto in_use = [&](const std::string& file) {
      return old_ && std::ranges::find(old_->segments, file, &BackupSegment::file) != old_->segments.end();
    };
    if (in_use(name))
      name = usual.substr(0, usual.size() - 4) + '-' + std::to_string(result_.manifest.generation) + ".seg";
    entry.file = name;
    std::unique_ptr<io::File> copy = disk_.open(target_ + '/' + name, io::OpenMode::create);
    copy->truncate(0);
    Sha256 hash;
    append(entry, *copy, source, 0, hash, records);
  }

  void append(BackupSegment& entry, io::File& copy, io::File& source, uint64_t from, Sha256& hash,
              const std::vector<Record>& records) {
    copy_octets(source, &copy, from, entry.used_octets, hash);
    copy.sync();
    entry.sha256 = to_hex(hash.finish());
    ++result_.segments_copied;
    result_.copied_octets += entry.used_octets - from;
    for (const Record& record : records) {
      if (record.end() > from && !has_bytes(copy, entry.number, record)) {
        result_.damaged.push_back(segment_path(segments_directory(directory_), entry.number) + " at " +
                                  std::to_string(record.offset) +
                                  ": the bytes of one mail are damaged in the store");
      }
    }
  }

  // An old file that cannot be removed does no harm; the next backup tries again.
  void remove_old_files() {
    const Manifest& m = result_.manifest;
    std::set<std::string> named{m.database_file};
    auto of_another = [&](const std::string& name) {
      return (name.starts_with("pabal-") || name.starts_with(kRestoredMark)) && !named.contains(name);
    };
    for (const BackupSegment& segment : m.segments) named.insert(segment.file);
    try {
      for (const std::string& name : disk_.list(target_)) {
        if (of_another(name)) disk_.remove(target_ + '/' + name);
      }
      for (const std::string& name : disk_.list(target_ + "/segments")) {
        if (!named.contains("segments/" + name)) disk_.remove(target_ + "/segments/" + name);
      }
    } catch (const io::IoError&) {
      // See above.
    }
  }

  io::Disk& disk_;
  const std::string directory_, target_;
  const Progress& progress_;
  std::optional<Manifest> old_;
  BackupResult result_;
};

// Nothing but what a backup, whole or interrupted, leaves.
void refuse_foreign_directory(io::Disk& disk, const std::string& target) {
  for (const std::string& name : disk.list(target)) {
    bool ours = name == "lock" || name == "segments" || name.starts_with("manifest.json") ||
                name.starts_with(kRestoredMark) || (name.starts_with("pabal-") && name.ends_with(".db")) ||
                name.ends_with(".db-journal");
    if (!ours)
      throw StoreError(target + " holds " + printable(name, 80) +
                       ", which is no part of a backup: name a directory of its own");
  }
}

}  // namespace

std::string restored_mark(const std::string& directory, uint64_t generation) {
  return directory + '/' + std::string(kRestoredMark) + std::to_string(generation);
}

BackupResult backup_store(io::World& world, const std::string& directory, const std::string& target,
                          const Progress& progress) {
  try {
    make_durable_directory(world.disk, target);
    refuse_foreign_directory(world.disk, target);
    std::unique_ptr<io::FileLock> lock = world.disk.lock(lock_path(target));
    if (!lock) throw StoreError("another backup into " + target + " is under way");
    make_durable_directory(world.disk, target + "/segments");
    return Backup(world.disk, directory, target, progress).run(world.clock.now());
  } catch (const io::IoError& e) {
    throw StoreError(e.what(), e.fault() == io::IoFault::no_space);
  }
}

}  // namespace pabal::store

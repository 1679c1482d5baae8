#include "store/store.h"

#include <algorithm>
#include <exception>
#include <optional>

#include "rt/offload.h"
#include "store/committer.h"
#include "store/exposure.h"
#include "store/files.h"
#include "store/health.h"
#include "store/id_source.h"
#include "store/notices.h"
#include "store/open.h"
#include "store/outside.h"
#include "store/read_messages.h"
#include "store/readers.h"
#include "store/renewal.h"
#include "store/schema.h"
#include "store/segment_record.h"
#include "store/segments.h"

namespace pabal::store {

namespace {

StoreError store_error(const io::IoError& e) {
  return StoreError(e.what(), e.fault() == io::IoFault::no_space);
}

// Ids outlive the messages that they were given to: a journey stays longer.
int64_t highest_id(Database& db) {
  int64_t highest = 0;
  for (const char* sql :
       {"SELECT max(id) FROM message", "SELECT max(message) FROM journey", "SELECT max(id) FROM queue_entry",
        "SELECT max(id) FROM account", "SELECT max(id) FROM domain", "SELECT max(id) FROM mailbox"}) {
    Statement select = db.prepare(sql);
    if (select.step()) highest = std::max(highest, select.number(0));
  }
  return highest;
}

struct LastRecord {
  int64_t segment = -1;
  uint64_t end = 0;
};
LastRecord last_record(Database& db) {
  Statement select = db.prepare(
      "SELECT segment, segment_offset, size_octets FROM message WHERE segment >= 0 "
      "ORDER BY segment DESC, segment_offset DESC LIMIT 1");
  if (!select.step()) return {};
  return {select.number(0),
          static_cast<uint64_t>(select.number(1)) + record_octets(static_cast<uint64_t>(select.number(2)))};
}

// What both kinds of store have: looking.
class ReadingStore : public Store {
 public:
  // health: nullptr beside a server.
  ReadingStore(io::World& world, const StoreOptions& options, int64_t highest_id, Health* health)
      : world_(world),
        ids_(world, highest_id),
        segment_reader_(world.disk, segments_directory(options.directory), options.open_segments_max),
        readers_(database_path(options.directory), world.disk.sqlite_vfs(), options.readers,
                 options.cache_octets, health) {}

  rt::Task<std::string> message_bytes(MessageId id) override {
    std::string bytes;
    std::move_only_function<void(Database&)> query = [this, id, &bytes](Database& db) {
      bytes = read_message(db, segment_reader_, id);
    };
    co_await run_query(std::move(query));
    co_return bytes;
  }

  rt::Task<std::vector<MessageBytes>> messages(std::vector<MessageId> ids, uint64_t octets_max,
                                               AccountId owner) override {
    std::vector<MessageBytes> found;
    std::move_only_function<void(Database&)> query = [this, &ids, octets_max, owner, &found](Database& db) {
      found = read_messages(db, segment_reader_, ids, octets_max, owner);
    };
    co_await run_query(std::move(query));
    co_return found;
  }

  rt::Task<std::vector<MessageBytes>> read(std::vector<MessageRange> ranges, AccountId owner) override {
    std::vector<MessageBytes> found;
    std::move_only_function<void(Database&)> query = [this, &ranges, owner, &found](Database& db) {
      found = read_ranges(db, segment_reader_, ranges, owner);
    };
    co_await run_query(std::move(query));
    co_return found;
  }

  int64_t new_id() override { return ids_.next(); }

  std::unique_ptr<Subscription> subscribe(rt::Loop& loop, ChangeListener listener) override {
    return Notices::subscribe(notices_, loop, std::move(listener));
  }

 protected:
  rt::Task<void> run_query(std::move_only_function<void(Database&)> query) override {
    rt::Offload run(world_.blocking, [this, &query] { readers_.run(query); });
    co_await run;
  }

  io::World& world_;
  IdSource ids_;
  SegmentReader segment_reader_;
  Readers readers_;
  const std::shared_ptr<Notices> notices_ = std::make_shared<Notices>();
};

// A process that was killed in the middle of a commit, or whose sync failed, may
// have left a log that is whole in the cache of the system and not on the disk.
// SQLite takes it as it is, so mails would be shown that the next power cut takes
// away. Written once more, all that is seen is there to stay.
void make_log_durable(io::Disk& disk, Database& db, const std::string& log_path) {
  if (!disk.exists(log_path)) return;
  db.execute("BEGIN IMMEDIATE");  // nobody else writes to it meanwhile
  std::unique_ptr<io::File> log = disk.open(log_path, io::OpenMode::read_write);
  std::string piece(1 << 20, '\0');
  uint64_t at = 0;
  while (size_t octets = log->read_at(at, piece)) {
    // Zeros alone are room that was never used, see reserve_log().
    if (piece.find_first_not_of('\0') >= octets) break;
    log->write_at(at, std::string_view(piece).substr(0, octets));
    at += octets;
  }
  log->sync();
  db.execute("ROLLBACK");
}

// So that on a disk that is full later something can be written: to delete a mail,
// too, takes some of the log first. The zeros behind its end are no log to SQLite.
void reserve_log(io::World& world, const std::string& path, const StoreOptions& options) {
  try {
    world.disk.open(path, io::OpenMode::create)->allocate(options.log_octets_max);
  } catch (const io::IoError& e) {
    world.log.warning("store.little_room", {{"directory", options.directory}, {"error", e.what()}});
  }
}

void warn_of_exposure(io::World& world, const std::string& directory) {
  const std::vector<std::string> paths = exposed_paths(world.disk, directory);
  if (paths.empty()) return;
  world.log.warning("store.open_to_others", {{"path", paths.front()},
                                             {"paths", paths.size()},
                                             {"effect", "others on this machine can read mail and passwords"},
                                             {"remedy", exposure_remedy(directory)}});
}

// A connection that only stays. Without any, the next one would read the log
// anew, and take records whose sync had failed for committed; what is written
// behind them is lost with them when power is.
std::unique_ptr<Database> open_anchor(io::World& world, const StoreOptions& options) {
  auto anchor = std::make_unique<Database>(database_path(options.directory),
                                           Database::Options{true, world.disk.sqlite_vfs()});
  anchor->prepare("SELECT count(*) FROM sqlite_schema").run();
  return anchor;
}

class EmbeddedStore final : public ReadingStore {
 public:
  EmbeddedStore(io::World& world, const StoreOptions& options, std::unique_ptr<io::FileLock> lock,
                std::unique_ptr<Health> health, std::unique_ptr<Database> db)
      : ReadingStore(world, options, highest_id(*db), health.get()),
        lock_(std::move(lock)),
        health_(std::move(health)),
        segment_writer_(world.disk, segments_directory(options.directory), options.segment_octets) {
    make_durable_directory(world.disk, segments_directory(options.directory));
    LastRecord last = last_record(*db);
    segment_writer_.open(last.segment, last.end);
    committer_.emplace(world, options, database_path(options.directory), std::move(db), segment_writer_,
                       segment_reader_, *notices_, *health_);
    anchor_ = open_anchor(world, options);
  }

  rt::Task<size_t> collect() override { return committer_->collect(); }
  rt::Task<void> close() override { return committer_->close(); }
  void execute_now(std::move_only_function<void(Transaction&)> work) override {
    committer_->execute_now(std::move(work));
  }
  Counters counters() const override { return committer_->counters(); }
  uint64_t directory_generation() const override { return committer_->directory_generation(); }

 protected:
  rt::Task<void> run_unit(Unit unit) override { return committer_->commit(std::move(unit)); }

 private:
  std::unique_ptr<io::FileLock> lock_;  // goes last
  std::unique_ptr<Health> health_;
  SegmentWriter segment_writer_;
  std::optional<Committer> committer_;
  std::unique_ptr<Database> anchor_;  // goes first
};

// Beside a running server: looks, and writes a little.
class BesideStore final : public ReadingStore {
 public:
  BesideStore(io::World& world, const StoreOptions& options, std::unique_ptr<Database> db)
      : ReadingStore(world, options, highest_id(*db), nullptr), db_(std::move(db)) {}

  rt::Task<size_t> collect() override { verify(false, "only the server collects"); }
  rt::Task<void> close() override { co_return; }

  void execute_now(std::move_only_function<void(Transaction&)> work) override {
    Transaction tx(*db_, world_.clock.now());
    db_->prepare("BEGIN IMMEDIATE").run();
    try {
      work(tx);
      record_outside(tx);
      db_->prepare("COMMIT").run();
    } catch (...) {
      std::exception_ptr error = std::current_exception();
      try {
        if (db_->in_transaction()) db_->prepare("ROLLBACK").run();
      } catch (const StoreError&) {
        // The first error says more.
      }
      std::rethrow_exception(error);
    }
    if (tx.directory_changed) ++directory_generation_;
    notices_->publish(std::move(tx.changes));
  }

  Counters counters() const override { return {}; }
  uint64_t directory_generation() const override { return directory_generation_; }

 protected:
  rt::Task<void> run_unit(Unit) override { verify(false, "only the server commits units"); }

 private:
  std::unique_ptr<Database> db_;
  uint64_t directory_generation_ = 0;
};

}  // namespace

std::string database_path(const std::string& directory) {
  return directory + "/pabal.db";
}

std::string segments_directory(const std::string& directory) {
  return directory + "/segments";
}

std::string restoring_path(const std::string& directory) {
  return directory + "/restoring";
}

std::string lock_path(const std::string& directory) {
  return directory + "/lock";
}

std::unique_ptr<Store> Store::open(io::World& world, StoreOptions options) {
  try {
    make_durable_directory(world.disk, options.directory);
    std::unique_ptr<io::FileLock> lock = world.disk.lock(lock_path(options.directory));
    if (!lock) {
      throw StoreError("another pabal is running on " + options.directory +
                       ": stop it first, or give this one a directory of its own");
    }
    if (world.disk.exists(restoring_path(options.directory))) {
      throw StoreError("a restore into " + options.directory +
                       " was interrupted: run `pabal store restore` again, it begins anew");
    }
    warn_of_exposure(world, options.directory);
    std::string path = database_path(options.directory);
    if (world.disk.exists(path)) {
      refuse_newer_schema(world.disk, path);
    } else {
      make_private_file(world.disk, path);
    }
    auto db = std::make_unique<Database>(
        path, Database::Options{false, world.disk.sqlite_vfs(), writer_cache_octets(options)});
    auto health = std::make_unique<Health>(world, options.directory);
    health->look_again(*db);
    if (health->sound()) {
      prepare_schema(*db);
      make_log_durable(world.disk, *db, path + "-wal");
      renew_if_put_back(world, *db, options.directory);
    } else if (schema_version(*db) != kSchemaVersion) {
      throw health->refusal();
    }
    reserve_log(world, path + "-wal", options);
    if (!db->reserve_wal_index()) world.log.warning("store.little_room", {{"directory", options.directory}});
    world.disk.sync_directory(options.directory);
    return std::make_unique<EmbeddedStore>(world, options, std::move(lock), std::move(health), std::move(db));
  } catch (const StoreError& e) {
    if (!e.damaged() || std::string_view(e.what()).ends_with(kDamageRemedy)) throw;
    throw StoreError(std::string(e.what()) + ". To do: " + kDamageRemedy, false, true);
  } catch (const io::IoError& e) {
    throw store_error(e);
  }
}

std::unique_ptr<Store> Store::open_beside(io::World& world, StoreOptions options) {
  try {
    std::unique_ptr<Database> db = open_database(world.disk, options.directory, false);
    return std::make_unique<BesideStore>(world, options, std::move(db));
  } catch (const io::IoError& e) {
    throw store_error(e);
  }
}

}  // namespace pabal::store

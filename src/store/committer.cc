#include "store/committer.h"

#include <algorithm>
#include <utility>

namespace pabal::store {

namespace {

constexpr uint64_t kPageOctets = 4096;
constexpr uint64_t kSmallestReserveShare = 16;  // of a small file system

// A WAL of so many pages is carried into the database, after the writers of the
// batch have gone on.
int checkpoint_pages(const StoreOptions& options) {
  return static_cast<int>(std::clamp<uint64_t>(options.log_octets_max / kPageOctets, 1, INT32_MAX));
}

std::exception_ptr store_error(const io::IoError& e) {
  return std::make_exception_ptr(StoreError(e.what(), e.fault() == io::IoFault::no_space));
}

// Every entry its own exception: they are rethrown in different threads.
template <class Entries>
void fail_all(const Entries& batch, const StoreError& e) {
  for (auto* entry : batch) {
    if (!entry->error) entry->error = std::make_exception_ptr(StoreError(e.what(), e.full(), e.damaged()));
  }
}

}  // namespace

uint64_t writer_cache_octets(const StoreOptions& options) {
  return 4 * options.cache_octets;
}

Committer::Committer(io::World& world, const StoreOptions& options, std::string database_path,
                     std::unique_ptr<Database> db, SegmentWriter& segments, SegmentReader& reader,
                     Notices& notices, Health& health)
    : world_(world),
      batch_max_(options.batch_max),
      batch_octets_max_(options.batch_octets_max),
      checkpoint_pages_(checkpoint_pages(options)),
      cache_octets_(writer_cache_octets(options)),
      inline_octets_max_(options.inline_octets_max),
      segments_directory_(segments_directory(options.directory)),
      database_path_(std::move(database_path)),
      db_(std::move(db)),
      segments_(segments),
      reader_(reader),
      notices_(notices),
      health_(health),
      directory_(options.directory),
      reserve_octets_(options.reserve_octets) {}

Committer::~Committer() {
  jobs_.wait();
}

rt::Task<void> Committer::commit(Unit unit) {
  Entry entry;
  entry.unit = std::move(unit);
  Wait wait{*this, entry};
  co_await wait;
}

rt::Task<size_t> Committer::collect() {
  Entry entry;
  entry.collect = true;
  Wait wait{*this, entry};
  co_await wait;
  co_return entry.collected;
}

rt::Task<void> Committer::close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  co_await jobs_.idle();
}

bool Committer::submit(Entry& entry, std::coroutine_handle<> handle) {
  entry.home = &rt::Loop::current();
  entry.handle = handle;
  {
    std::lock_guard lock(mutex_);
    if (closed_) {
      entry.error = std::make_exception_ptr(StoreError("the store is closed"));
      return false;
    }
    waiting_.push_back(&entry);
    if (std::exchange(serving_, true)) return true;
    jobs_.begin();
  }
  start([this] { serve(); });
  return true;
}

void Committer::start(std::move_only_function<void()> job) {
  world_.blocking.execute([this, job = std::move(job)]() mutable {
    job();
    jobs_.end();
  });
}

void Committer::serve() {
  for (;;) {
    Batch batch = take();
    if (batch.empty()) return;
    std::lock_guard lock(writing_);
    write(batch);
    // From here on the entries belong to their writers again.
    resume(batch);
    tidy();
  }
}

Committer::Batch Committer::take() {
  Batch batch;
  uint64_t octets = 0;
  std::lock_guard lock(mutex_);
  while (!waiting_.empty() && batch.size() < batch_max_ && octets < batch_octets_max_) {
    Entry* entry = waiting_.front();
    waiting_.pop_front();
    for (const NewBlob& blob : entry->unit.blobs) octets += blob.bytes.size();
    batch.push_back(entry);
  }
  if (batch.empty()) serving_ = false;
  return batch;
}

void Committer::resume(const Batch& batch) {
  // One post per loop, not per writer: each may wake a thread.
  std::vector<std::pair<rt::Loop*, std::vector<std::coroutine_handle<>>>> by_loop;
  for (Entry* entry : batch) {
    auto found = std::ranges::find_if(by_loop, [&](const auto& l) { return l.first == entry->home; });
    if (found == by_loop.end()) found = by_loop.insert(found, {entry->home, {}});
    found->second.push_back(entry->handle);
  }
  for (auto& [loop, handles] : by_loop) {
    loop->post([handles = std::move(handles)] {
      for (std::coroutine_handle<> handle : handles) handle.resume();
    });
  }
}

void Committer::write(const Batch& batch) {
  try {
    health_.require_sound();
    connect();
    refuse_mail_on_a_full_disk(batch);
    write_blobs(batch);
    write_records(batch);
  } catch (const StoreError& e) {
    health_.look_at(e);
    fail_all(batch, e);
  } catch (const std::bad_alloc&) {
    fail_all(batch, StoreError("out of memory"));
  }
  give_up_broken();

  uint64_t failed = 0;
  for (Entry* entry : batch) {
    if (entry->error) ++failed;
  }
  failed_units_ += failed;
  units_ += batch.size() - failed;
}

void Committer::give_up_broken() {
  if (!db_) return;
  health_.look_at(*db_);
  if (db_->broken() || db_->in_transaction()) db_ = nullptr;
}

// What the file system has, and what the database has given up and takes first.
bool Committer::has_reserve() {
  try {
    const io::Room room = world_.disk.room(directory_);
    const uint64_t reserve = std::min(reserve_octets_, room.octets / kSmallestReserveShare);
    if (room.free_octets >= reserve) return true;
    Statement select = db_->prepare("PRAGMA freelist_count");
    const uint64_t unused = select.step() ? static_cast<uint64_t>(select.number(0)) * kPageOctets : 0;
    return room.free_octets + unused >= reserve;
  } catch (const io::IoError& e) {
    world_.log.warning("store.room_unknown", {{"error", e.what()}});
    return true;
  }
}

// Units without bytes go on: to delete takes room, too, before it gives some.
void Committer::refuse_mail_on_a_full_disk(const Batch& batch) {
  auto brings_mail = [](const Entry* entry) { return !entry->unit.blobs.empty(); };
  if (!short_of_room_ && std::ranges::none_of(batch, brings_mail)) return;
  const bool short_of_room = !has_reserve();
  if (short_of_room != short_of_room_) {
    short_of_room_ = short_of_room;
    if (short_of_room) {
      world_.log.error("store.little_room", {{"directory", directory_},
                                             {"effect", "no mail is taken; what is there can be deleted"}});
    } else {
      world_.log.info("store.room_again");
    }
  }
  if (!short_of_room) return;
  for (Entry* entry : batch) {
    if (!brings_mail(entry)) continue;
    entry->error = std::make_exception_ptr(
        StoreError("the disk is nearly full: what is left is kept so that mails can be deleted", true));
  }
}

void Committer::write_blobs(const Batch& batch) {
  // Units without bytes in segments go on if this fails: they may be what makes
  // room again.
  Batch writers;
  try {
    for (Entry* entry : batch) {
      if (entry->error) continue;
      for (NewBlob& blob : entry->unit.blobs) {
        blob_octets_ += blob.bytes.size();
        if (blob.bytes.size() <= inline_octets_max_) continue;
        if (writers.empty() || writers.back() != entry) writers.push_back(entry);
        blob.location = segments_.append(blob.bytes, blob.hash);
      }
    }
    if (writers.empty()) return;
    segments_.sync();
    ++blob_syncs_;
  } catch (const io::IoError& e) {
    for (Entry* entry : batch) {
      bool has_bytes = std::ranges::any_of(
          entry->unit.blobs, [&](const NewBlob& b) { return b.bytes.size() > inline_octets_max_; });
      if (has_bytes && !entry->error) entry->error = store_error(e);
    }
    world_.log.error("store.segment_failed", {{"error", e.what()}});
  }
}

void Committer::write_records(const Batch& batch) {
  Batch units;
  for (Entry* entry : batch) {
    if (!entry->error && !entry->collect) units.push_back(entry);
  }
  if (!units.empty() && !run_together(units)) run_apart(units);
  for (Entry* entry : batch) {
    if (!entry->collect) continue;
    try {
      entry->collected = remove_unused_segments();
    } catch (const io::IoError& e) {
      entry->error = store_error(e);
    }
  }
}

// One transaction without savepoints, since nearly always no unit throws: SQLite
// copies every page before its first change behind a savepoint, which is most of
// what a unit would cost. False: a unit threw, and nothing has happened.
bool Committer::run_together(const Batch& units) {
  Transaction tx(*db_, world_.clock.now());
  db_->prepare("BEGIN IMMEDIATE").run();
  for (Entry* entry : units) {
    run_unit(*entry, tx);
    if (!entry->error) continue;
    db_->prepare("ROLLBACK").run();
    if (units.size() == 1) return true;
    entry->error = nullptr;
    return false;
  }
  commit_transaction(tx);
  return true;
}

// A savepoint each: who throws fails alone.
void Committer::run_apart(const Batch& units) {
  Transaction tx(*db_, world_.clock.now());
  db_->prepare("BEGIN IMMEDIATE").run();
  for (Entry* entry : units) {
    db_->prepare("SAVEPOINT unit").run();
    const size_t changes = tx.changes.size();
    run_unit(*entry, tx);
    if (entry->error) {
      db_->prepare("ROLLBACK TO unit").run();
      tx.changes.resize(changes);
    }
    db_->prepare("RELEASE unit").run();
  }
  commit_transaction(tx);
}

// Throws StoreError if the whole transaction is lost.
void Committer::run_unit(Entry& entry, Transaction& tx) {
  try {
    entry.unit.work(tx, entry.unit.blobs);
  } catch (...) {
    entry.error = std::current_exception();
  }
  if (!db_->broken() && db_->in_transaction()) return;
  try {
    if (entry.error) std::rethrow_exception(entry.error);
  } catch (const StoreError& e) {
    throw StoreError(e.what(), e.full(), e.damaged());
  } catch (const std::exception& e) {
    throw StoreError(e.what());
  }
  throw StoreError("the transaction was lost");
}

void Committer::commit_transaction(Transaction& tx) {
  db_->prepare("COMMIT").run();
  ++commits_;
  committed(tx);
}

void Committer::committed(Transaction& tx) {
  if (tx.directory_changed) ++directory_generation_;
  notices_.publish(std::move(tx.changes));
}

void Committer::connect() {
  if (db_) return;
  db_ = std::make_unique<Database>(database_path_,
                                   Database::Options{false, world_.disk.sqlite_vfs(), cache_octets_});
}

void Committer::execute_now(std::move_only_function<void(Transaction&)> work) {
  std::lock_guard lock(writing_);
  health_.require_sound();
  connect();
  Transaction tx(*db_, world_.clock.now());
  try {
    db_->prepare("BEGIN IMMEDIATE").run();
    work(tx);
    db_->prepare("COMMIT").run();
  } catch (...) {
    std::exception_ptr error = std::current_exception();
    try {
      if (!db_->broken() && db_->in_transaction()) db_->prepare("ROLLBACK").run();
    } catch (const StoreError&) {
      // The connection goes; what it had begun goes with it.
    }
    give_up_broken();
    std::rethrow_exception(error);
  }
  committed(tx);
}

void Committer::tidy() {
  try {
    if (db_ && db_->wal_pages() - checkpointed_pages_ >= checkpoint_pages_) {
      // Readers of older snapshots hold it up: then soon again.
      int soon = db_->checkpoint() ? 0 : checkpoint_pages_ - std::max(1, checkpoint_pages_ / 16);
      checkpointed_pages_ = db_->wal_pages() - soon;
    } else if (db_ && db_->wal_pages() < checkpointed_pages_) {
      checkpointed_pages_ = 0;  // the WAL has begun again
    }
    if (db_ && (segments_.take_filled() || short_of_room_)) remove_unused_segments();
  } catch (const StoreError& e) {
    world_.log.error("store.tidy_failed", {{"error", e.what()}});
    give_up_broken();
  } catch (const std::exception& e) {
    world_.log.error("store.tidy_failed", {{"error", e.what()}});
  }
  if (!short_of_room_ && segments_.claim_spare_work()) {
    jobs_.begin();
    start([this] {
      try {
        segments_.prepare_spare();
      } catch (const std::exception& e) {
        world_.log.warning("store.spare_segment_failed", {{"error", e.what()}});
      }
    });
  }
}

// Runs between transactions, so every record that refers to a segment is
// committed, except into the current one.
size_t Committer::remove_unused_segments() {
  size_t removed = 0;
  for (int64_t number : list_segments(world_.disk, segments_directory_)) {
    if (number == segments_.current()) continue;
    Statement select = db_->prepare("SELECT 1 FROM message WHERE segment = ? LIMIT 1");
    if (select.bind(number).step()) continue;
    reader_.forget(number);
    world_.disk.remove(segment_path(segments_directory_, number));
    ++removed;
  }
  return removed;
}

Store::Counters Committer::counters() const {
  return {commits_, units_, failed_units_, blob_octets_, blob_syncs_};
}

}  // namespace pabal::store

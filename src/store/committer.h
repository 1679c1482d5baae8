// Committer: takes every unit that waits, writes their bytes with one sync and
// their records in one transaction with another, and lets all their writers go
// on. While it writes, the next batch gathers: the more sessions wait, the more
// share a sync.
#pragma once

#include <atomic>
#include <coroutine>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "io/world.h"
#include "store/health.h"
#include "store/job_count.h"
#include "store/notices.h"
#include "store/segments.h"
#include "store/store.h"

namespace pabal::store {

// Writing touches more pages than one query reads.
uint64_t writer_cache_octets(const StoreOptions& options);

class Committer {
 public:
  // `db` is the only connection that writes while the server runs.
  Committer(io::World& world, const StoreOptions& options, std::string database_path,
            std::unique_ptr<Database> db, SegmentWriter& segments, SegmentReader& reader, Notices& notices,
            Health& health);
  ~Committer();

  // As Store::commit, collect and close.
  rt::Task<void> commit(Unit unit);
  rt::Task<size_t> collect();
  rt::Task<void> close();

  // As Store::execute_now, in the calling thread, between two batches.
  void execute_now(std::move_only_function<void(Transaction&)> work);

  Store::Counters counters() const;
  uint64_t directory_generation() const { return directory_generation_; }

 private:
  // One writer that waits. Lives in its coroutine frame.
  struct Entry {
    Unit unit;
    bool collect = false;  // not a unit: asks for a collection
    size_t collected = 0;
    rt::Loop* home = nullptr;
    std::coroutine_handle<> handle;
    std::exception_ptr error;
  };
  using Batch = std::vector<Entry*>;
  struct Wait {
    Committer& committer;
    Entry& entry;
    bool await_ready() const { return false; }
    bool await_suspend(std::coroutine_handle<> h) { return committer.submit(entry, h); }
    void await_resume() const {
      if (entry.error) std::rethrow_exception(entry.error);
    }
  };

  bool submit(Entry& entry, std::coroutine_handle<> handle);
  void start(std::move_only_function<void()> job);  // after jobs_.begin()
  void serve();
  Batch take();
  static void resume(const Batch& batch);

  // All run on the committer's turn only, with writing_ held.
  void write(const Batch& batch);
  void refuse_mail_on_a_full_disk(const Batch& batch);
  bool has_reserve();
  void write_blobs(const Batch& batch);
  void write_records(const Batch& batch);
  bool run_together(const Batch& units);
  void run_apart(const Batch& units);
  void run_unit(Entry& entry, Transaction& tx);
  void commit_transaction(Transaction& tx);
  void committed(Transaction& tx);
  void connect();
  void tidy();
  void give_up_broken();
  size_t remove_unused_segments();

  io::World& world_;
  const size_t batch_max_;
  const uint64_t batch_octets_max_;
  const int checkpoint_pages_;
  const uint64_t cache_octets_;
  const size_t inline_octets_max_;
  const std::string segments_directory_;
  const std::string database_path_;
  std::unique_ptr<Database> db_;  // null after an I/O error
  SegmentWriter& segments_;
  SegmentReader& reader_;
  Notices& notices_;
  Health& health_;
  const std::string directory_;
  const uint64_t reserve_octets_;
  bool short_of_room_ = false;

  std::mutex mutex_;  // guards the next three
  std::deque<Entry*> waiting_;
  bool serving_ = false;
  bool closed_ = false;
  std::mutex writing_;  // one transaction at a time: serve() or execute_now()
  int checkpointed_pages_ = 0;
  JobCount jobs_;

  std::atomic<uint64_t> commits_ = 0, units_ = 0, failed_units_ = 0, blob_octets_ = 0, blob_syncs_ = 0;
  std::atomic<uint64_t> directory_generation_ = 0;
};

}  // namespace pabal::store

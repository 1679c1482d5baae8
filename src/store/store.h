// Store: where accepted mail lives. Records in one SQL database, message bytes
// in the record itself (small) or in append-only segments. All writing goes
// through one committer: whoever waits at that moment shares its two syncs.
//
//   order of every commit: bytes synced, then records committed, then the
//   writer goes on (and answers 250). RFC 5321 §6.1.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/portable.h"
#include "base/time.h"
#include "io/world.h"
#include "rt/loop.h"
#include "rt/task.h"
#include "store/sqlite.h"

namespace pabal::store {

struct StoreOptions {
  std::string directory;               // database, segments and lock lie here
  size_t inline_octets_max = 4096;     // smaller messages lie in their record
  uint64_t segment_octets = 64 << 20;  // size of one segment file
  int readers = 4;                     // read connections
  size_t batch_max = 512;              // units in one transaction
  // Bytes in one batch, so that a crowd of large mails shares its memory and
  // nobody waits for all of them; the last unit may go beyond.
  uint64_t batch_octets_max = 16 << 20;
  uint64_t log_octets_max = 16 << 20;  // of the WAL, before it is carried into the database
  uint64_t cache_octets = 8 << 20;     // of pages, per reader; the writer has four times as much
  size_t open_segments_max = 64;       // files kept open for reading
  // Free octets below which no mail is taken, so that mails can still be deleted;
  // of a small file system a sixteenth.
  uint64_t reserve_octets = 64 << 20;
};

// Where the parts of a store lie in its directory.
std::string database_path(const std::string& directory);
std::string segments_directory(const std::string& directory);
std::string lock_path(const std::string& directory);       // held by who writes to the store
std::string restoring_path(const std::string& directory);  // there while a restore is under way

// Where the bytes of one message lie.
struct BlobLocation {
  int64_t segment = -1;  // -1: inline in the message record
  uint64_t offset = 0;   // of the record within the segment
};

// Bytes that a unit of work wants stored before its records are.
struct NewBlob {
  std::string bytes;
  std::string hash;       // SHA-256, 32 octets
  BlobLocation location;  // out: filled in before `work` runs
};
using NewBlobs = std::vector<NewBlob>;

// What record_change told of: look what is new there.
struct MailboxChange {
  AccountId account;
  MailboxId mailbox;          // 0: what belongs to the account itself
  bool mails_only = false;    // the mailbox itself is as before: its name, its rights, that it is there
  bool threads_only = false;  // mails have got their threads, nothing else: who reads mailboxes need not look
  auto operator<=>(const MailboxChange&) const = default;
};

// The transaction that a unit of work runs in.
class Transaction {
 public:
  explicit Transaction(Database& db, Time now) : db(db), now(now) {}
  Database& db;
  const Time now;
  // Set by who changed domains, accounts or aliases: see directory_generation().
  bool directory_changed = false;
  std::vector<MailboxChange> changes;  // by record_change
};

// Octets of a message, counted from where it begins for its reader, prefix included.
// What of it lies behind the end is left out.
struct ByteRange {
  uint64_t begin = 0;
  uint64_t octets = UINT64_MAX;
  // What of it lies between these.
  ByteRange within(uint64_t from, uint64_t to) const {
    const uint64_t first = std::clamp(begin, from, to);
    const uint64_t last = octets < to - std::min(begin, to) ? begin + octets : to;
    return {first, std::max(first, last) - first};
  }
};
struct MessageRange {
  MessageId id;
  ByteRange range;
};

// A message, or a range of it, as its reader gets it, or why not.
struct MessageBytes {
  MessageId id;
  std::string bytes;         // prefix included
  uint64_t size_octets = 0;  // of all of it
  std::string error;         // not empty: it is damaged, or gone
  bool gone = false;         // there is no such message any more
  bool own = false;          // as this owner of a mailbox has it; others see other fields in front
  Time received_at;
};

// One writer's share of the next commit, for the committer.
struct Unit {
  NewBlobs blobs;
  // Runs on the committer's thread. What it throws undoes this unit alone. May run
  // more than once, because another unit of the batch threw.
  std::move_only_function<void(Transaction&, const NewBlobs&)> work;
};

// Notice of commits to one listener: see Store::subscribe. Destroyed on its loop,
// also by the listener itself; what is under way then does nothing.
class Subscription {
 public:
  virtual ~Subscription() = default;
};
using ChangeListener = std::move_only_function<void(const std::vector<MailboxChange>&)>;

class Store {
 public:
  // Opens or makes the store. Throws StoreError: in use by another process,
  // schema newer than this binary (left untouched), disk trouble.
  static std::unique_ptr<Store> open(io::World& world, StoreOptions options);
  // For a second process (command line) beside a running server: no lock, no
  // committer; read() and execute_now() only. Throws StoreError.
  static std::unique_ptr<Store> open_beside(io::World& world, StoreOptions options);
  virtual ~Store() = default;

  // Work for the store runs on other threads, while the loop of who asks goes on: so
  // it is a plain function (nothing can be bound to it) of values that are handed over,
  // and what it finds out is what it returns (ADR 10).

  // work(transaction, blobs, args...) on the committer's thread. Returns what it
  // returned, when that is durable. Throws StoreError (nothing of it has happened) or
  // what the work threw, which undoes it alone. The work may run more than once,
  // because others of its batch threw: what it is given it cannot change.
  template <PlainFunction F, Portable... Args>
    requires PortableResult<std::invoke_result_t<F&, Transaction&, const NewBlobs&, const Args&...>>
  rt::Task<std::invoke_result_t<F&, Transaction&, const NewBlobs&, const Args&...>> commit(NewBlobs blobs,
                                                                                           F work,
                                                                                           Args... args) {
    using Result = std::invoke_result_t<F&, Transaction&, const NewBlobs&, const Args&...>;
    Returned<Result> returned;
    Unit unit;
    unit.blobs = std::move(blobs);
    unit.work = [&](Transaction& tx, const NewBlobs& stored) {
      returned.take([&] { return work(tx, stored, std::as_const(args)...); });
    };
    co_await run_unit(std::move(unit));
    co_return returned.give();
  }
  // The same without bytes: work(transaction, args...).
  template <PlainFunction F, Portable... Args>
    requires PortableResult<std::invoke_result_t<F&, Transaction&, const Args&...>>
  rt::Task<std::invoke_result_t<F&, Transaction&, const Args&...>> write(F work, Args... args) {
    Returned<std::invoke_result_t<F&, Transaction&, const Args&...>> returned;
    Unit unit;
    unit.work = [&](Transaction& tx, const NewBlobs&) {
      returned.take([&] { return work(tx, std::as_const(args)...); });
    };
    co_await run_unit(std::move(unit));
    co_return returned.give();
  }

  // query(database, args...) once on a read connection on an Executor thread: a
  // consistent snapshot of what is committed. Returns what it returned.
  template <PlainFunction F, Portable... Args>
    requires PortableResult<std::invoke_result_t<F&, Database&, Args...>>
  rt::Task<std::invoke_result_t<F&, Database&, Args...>> read(F query, Args... args) {
    Returned<std::invoke_result_t<F&, Database&, Args...>> returned;
    co_await run_query([&](Database& db) { returned.take([&] { return query(db, std::move(args)...); }); });
    co_return returned.give();
  }

  // The bytes of a message as they were received, without prefix. Throws
  // StoreError when they are missing or their hash is wrong.
  virtual rt::Task<std::string> message_bytes(MessageId id) = 0;

  // Several, with their prefixes, in one go and in this order: the first one, and
  // as many of the others as there are until `octets_max` would be exceeded. What
  // is wrong with one of them stands in its entry. owner: of the mailbox they lie
  // in; without one, only what they have in common for all is read.
  virtual rt::Task<std::vector<MessageBytes>> messages(std::vector<MessageId> ids, uint64_t octets_max,
                                                       AccountId owner = {}) = 0;

  // A range of each of these, in this order: what is read for it, and compared, is
  // about what comes back, however large the message. Otherwise as messages().
  virtual rt::Task<std::vector<MessageBytes>> read(std::vector<MessageRange> ranges,
                                                   AccountId owner = {}) = 0;

  // One transaction in the calling thread; for the command line. Throws StoreError.
  virtual void execute_now(std::move_only_function<void(Transaction&)> work) = 0;

  // Unique for ever, rising with time. Any thread.
  virtual int64_t new_id() = 0;

  // Rises with every commit of this process that had directory_changed set.
  virtual uint64_t directory_generation() const = 0;

  // After each commit of this process that recorded changes, `listener` is called
  // once on `loop` with all that changed, each pair once, rising. The call is
  // posted before the writers of that commit go on. Any thread.
  virtual std::unique_ptr<Subscription> subscribe(rt::Loop& loop, ChangeListener listener) = 0;

  // Removes segments whose messages are all gone; returns how many. Happens by
  // itself whenever a segment has been filled.
  virtual rt::Task<size_t> collect() = 0;

  // Commits, units, syncs and octets so far, for the metrics.
  struct Counters {
    uint64_t commits = 0, units = 0, failed_units = 0, blob_octets = 0, blob_syncs = 0;
  };
  virtual Counters counters() const = 0;

  // No more commits; what waits is written. Called once, before destruction.
  virtual rt::Task<void> close() = 0;

 protected:
  // What commit(), write() and read() come down to.
  virtual rt::Task<void> run_unit(Unit unit) = 0;
  virtual rt::Task<void> run_query(std::move_only_function<void(Database&)> query) = 0;

 private:
  // What work has returned, in the frame of who waits for it.
  template <class T>
  class Returned {
   public:
    template <class F>
    void take(F&& run) {
      if constexpr (std::is_void_v<T>) {
        run();
      } else {
        value_.emplace(run());
      }
    }
    T give() {
      if constexpr (!std::is_void_v<T>) return std::move(*value_);
    }

   private:
    std::optional<std::conditional_t<std::is_void_v<T>, char, T>> value_;
  };
};

}  // namespace pabal::store

// A thin door to SQLite: statements by text, values by position. Only
// store/sqlite.cc sees sqlite3.h. The SQL itself keeps to what PostgreSQL
// understands as well: no AUTOINCREMENT, no triggers, times in UTC milliseconds.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace pabal::store {

// The database said no. full: the disk has no room (answered 452, not 451);
// damaged: the file is not what it should be.
class StoreError : public std::runtime_error {
 public:
  StoreError(const std::string& what, bool full = false, bool damaged = false)
      : std::runtime_error(what), full_(full), damaged_(damaged) {}
  bool full() const { return full_; }
  bool damaged() const { return damaged_; }

 private:
  bool full_, damaged_;
};

class Database;

// One statement with its parameters. Prepared once per connection and text and
// kept there; reset when this handle goes.
class Statement {
 public:
  Statement(Statement&&) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // In the order of the question marks. Text and bytes are copied.
  Statement& bind(int64_t value);
  Statement& bind(std::string_view text);
  Statement& bind(std::nullopt_t);
  Statement& bind_blob(std::string_view bytes);
  template <class T>
  Statement& bind(const std::optional<T>& value) {
    return value ? bind(*value) : bind(std::nullopt);
  }

  // The next row; false at the end. Throws StoreError.
  bool step();
  // For statements without rows.
  void run();

  int64_t number(int column) const;
  std::string text(int column) const;       // also for blobs
  std::string_view view(int column) const;  // until the next step()
  bool is_null(int column) const;

 private:
  friend class Database;
  Statement(Database& db, sqlite3_stmt* stmt, bool* in_use) : db_(&db), stmt_(stmt), in_use_(in_use) {}
  Database* db_;
  sqlite3_stmt* stmt_;
  bool* in_use_;  // of the cached statement; nullptr: this handle alone owns it
  int next_ = 1;
};

// One connection; used by one thread at a time.
class Database {
 public:
  struct Options {
    bool read_only = false;
    const char* vfs = nullptr;         // nullptr: SQLite's own
    uint64_t cache_octets = 32 << 20;  // of pages
  };
  // WAL, synchronous=FULL, busy timeout 10 s. Never checkpoints by itself, but
  // when the last connection to the file is closed. Throws StoreError.
  Database(const std::string& path, Options options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Statement prepare(std::string_view sql);  // cached by text
  // Several statements, without parameters or rows (schema, BEGIN, COMMIT).
  void execute(const std::string& sql);
  int64_t changes() const;  // rows that the last statement changed

  bool in_transaction() const;
  // An I/O error was seen: what this connection holds in memory is not to be
  // trusted any more. Close it and open another.
  bool broken() const { return broken_; }
  // What SQLite found wrong with the file; "" if nothing.
  const std::string& damage() const { return damage_; }

  // Pages in the WAL after the last commit of this connection.
  int wal_pages() const { return wal_pages_; }
  // Carries the WAL into the database as far as readers allow; true if all of
  // it. Throws StoreError.
  bool checkpoint();
  // Takes the disk space that the index of a WAL of up to 32,000 pages needs.
  // Without it, a full disk keeps an index from growing whose WAL has grown: then
  // nobody can open the database, not even to read. False: there is no room.
  bool reserve_wal_index();

  // Copies what this connection sees into a new file at `path`. Inside a
  // transaction that is one snapshot, while others go on writing. `progress`
  // is told pages done and pages in all. Throws StoreError; then remove the file.
  void copy_to(const std::string& path, const char* vfs,
               const std::function<void(uint64_t, uint64_t)>& progress);

 private:
  friend class Statement;
  [[noreturn]] void fail(int code, std::string_view doing);
  struct Cache;
  sqlite3* db_ = nullptr;
  std::unique_ptr<Cache> cache_;
  int wal_pages_ = 0;
  bool broken_ = false;
  std::string damage_;
};

}  // namespace pabal::store

#include "store/sqlite.h"

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <sqlite3.h>
#include <unordered_map>
#include <utility>

#include "base/verify.h"

namespace pabal::store {

namespace {

constexpr int kBusyTimeoutMs = 10'000;
// Of the index: https://www.sqlite.org/walformat.html §2. A block is for 4096 pages.
constexpr int kWalIndexBlockOctets = 32 * 1024;
constexpr int kWalIndexBlocks = 8;
constexpr int kCopyPages = 1024;  // between two reports of progress

// Errors after which SQLite may have rolled back the whole transaction, or
// after which its page cache may differ from the file.
bool breaks_connection(int code) {
  switch (code & 0xFF) {
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_NOMEM:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CANTOPEN:
    case SQLITE_PROTOCOL:
      return true;
    default:
      return false;
  }
}

bool is_damage(int code) {
  return (code & 0xFF) == SQLITE_CORRUPT || (code & 0xFF) == SQLITE_NOTADB;
}

// A full disk may also be what is behind an I/O error.
bool is_no_space(sqlite3* db, int code) {
  if ((code & 0xFF) == SQLITE_FULL) return true;
  bool from_system = (code & 0xFF) == SQLITE_IOERR || (code & 0xFF) == SQLITE_CANTOPEN;
  return from_system && db != nullptr && sqlite3_system_errno(db) == ENOSPC;
}

// Memory statistics would take one lock for every allocation of all threads.
// Refused, harmlessly, when a simulator has started SQLite before.
void configure_once() {
  static std::once_flag once;
  std::call_once(once, [] { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); });
}

}  // namespace

struct Database::Cache {
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  struct Entry {
    sqlite3_stmt* stmt = nullptr;
    bool in_use = false;
  };
  std::unordered_map<std::string, Entry, TextHash, std::equal_to<>> entries;
};

Statement::Statement(Statement&& other) noexcept
    : db_(other.db_),
      stmt_(std::exchange(other.stmt_, nullptr)),
      in_use_(other.in_use_),
      next_(other.next_) {}

Statement::~Statement() {
  if (stmt_ == nullptr) return;
  if (in_use_ == nullptr) {
    sqlite3_finalize(stmt_);
    return;
  }
  sqlite3_reset(stmt_);
  sqlite3_clear_bindings(stmt_);
  *in_use_ = false;
}

Statement& Statement::bind(int64_t value) {
  verify(sqlite3_bind_int64(stmt_, next_++, value) == SQLITE_OK, "as many values as question marks");
  return *this;
}

Statement& Statement::bind(std::string_view text) {
  // A null pointer would be NULL, not the empty text.
  const char* data = text.data() == nullptr ? "" : text.data();
  int code = sqlite3_bind_text64(stmt_, next_++, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) db_->fail(code, "bind");
  return *this;
}

Statement& Statement::bind(std::nullopt_t) {
  verify(sqlite3_bind_null(stmt_, next_++) == SQLITE_OK, "as many values as question marks");
  return *this;
}

Statement& Statement::bind_blob(std::string_view bytes) {
  const char* data = bytes.data() == nullptr ? "" : bytes.data();
  int code = sqlite3_bind_blob64(stmt_, next_++, data, bytes.size(), SQLITE_TRANSIENT);
  if (code != SQLITE_OK) db_->fail(code, "bind");
  return *this;
}

bool Statement::step() {
  int code = sqlite3_step(stmt_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  db_->fail(code, sqlite3_sql(stmt_));
}

void Statement::run() {
  while (step()) continue;
}

int64_t Statement::number(int column) const {
  return sqlite3_column_int64(stmt_, column);
}

std::string_view Statement::view(int column) const {
  const void* data = sqlite3_column_blob(stmt_, column);
  size_t size = static_cast<size_t>(sqlite3_column_bytes(stmt_, column));
  return data == nullptr ? std::string_view() : std::string_view(static_cast<const char*>(data), size);
}

std::string Statement::text(int column) const {
  return std::string(view(column));
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(stmt_, column) == SQLITE_NULL;
}

Database::Database(const std::string& path, Options options) : cache_(std::make_unique<Cache>()) {
  configure_once();
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
              (options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  int code = sqlite3_open_v2(path.c_str(), &db_, flags, options.vfs);
  try {
    if (code != SQLITE_OK) fail(code, "open " + path);
    sqlite3_busy_timeout(db_, kBusyTimeoutMs);
    sqlite3_db_config(db_, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
    sqlite3_db_config(db_, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
    // Replaces SQLite's own hook, which checkpoints inside of COMMIT.
    sqlite3_wal_hook(
        db_,
        [](void* self, sqlite3*, const char*, int pages) {
          static_cast<Database*>(self)->wal_pages_ = pages;
          return SQLITE_OK;
        },
        this);
    // temp_store: a savepoint's undo pages stay in memory.
    execute("PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; PRAGMA foreign_keys = OFF;");
    if (options.read_only) {
      // Looking must not change the file.
      sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    } else {
      execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    }
    // In KiB when negative. 0 would be SQLite's own choice.
    uint64_t cache = std::clamp<uint64_t>(options.cache_octets >> 10, 1, INT32_MAX);
    execute("PRAGMA cache_size = -" + std::to_string(cache));
  } catch (...) {
    sqlite3_close_v2(db_);
    throw;
  }
}

Database::~Database() {
  for (auto& [text, entry] : cache_->entries) {
    verify(!entry.in_use, "a statement goes before its connection");
    sqlite3_finalize(entry.stmt);
  }
  sqlite3_close_v2(db_);
}

Statement Database::prepare(std::string_view sql) {
  auto found = cache_->entries.find(sql);
  if (found != cache_->entries.end() && !found->second.in_use) {
    found->second.in_use = true;
    return Statement(*this, found->second.stmt, &found->second.in_use);
  }
  sqlite3_stmt* stmt = nullptr;
  int code = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                &stmt, nullptr);
  if (code != SQLITE_OK) fail(code, sql);
  verify(stmt != nullptr, "a statement is not empty");
  // The same text twice at a time: the second is not kept.
  if (found != cache_->entries.end()) return Statement(*this, stmt, nullptr);
  Cache::Entry& entry = cache_->entries.emplace(sql, Cache::Entry{stmt, true}).first->second;
  return Statement(*this, stmt, &entry.in_use);
}

void Database::execute(const std::string& sql) {
  int code = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code, sql);
}

int64_t Database::changes() const {
  return sqlite3_changes64(db_);
}

bool Database::in_transaction() const {
  return sqlite3_get_autocommit(db_) == 0;
}

bool Database::checkpoint() {
  int pages = 0, carried = 0;
  int code = sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_PASSIVE, &pages, &carried);
  if (code != SQLITE_OK && code != SQLITE_BUSY) fail(code, "checkpoint");
  return code == SQLITE_OK && carried == pages;
}

void Database::copy_to(const std::string& path, const char* vfs,
                       const std::function<void(uint64_t, uint64_t)>& progress) {
  sqlite3* target = nullptr;
  sqlite3_backup* backup = nullptr;
  int code = sqlite3_open_v2(
      path.c_str(), &target,
      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs);
  // Half a copy is thrown away, so it needs no journal.
  if (code == SQLITE_OK)
    code = sqlite3_exec(target, "PRAGMA journal_mode = OFF; PRAGMA synchronous = FULL;", nullptr, nullptr,
                        nullptr);
  if (code == SQLITE_OK) {
    backup = sqlite3_backup_init(target, "main", db_, "main");
    if (backup == nullptr) code = sqlite3_extended_errcode(target);
  }
  while (code == SQLITE_OK) {
    code = sqlite3_backup_step(backup, kCopyPages);
    int total = sqlite3_backup_pagecount(backup);
    progress(static_cast<uint64_t>(total - sqlite3_backup_remaining(backup)), static_cast<uint64_t>(total));
  }
  sqlite3_backup_finish(backup);
  std::string message = code == SQLITE_DONE || target == nullptr ? "" : sqlite3_errmsg(target);
  int closed = sqlite3_close_v2(target);
  if (code == SQLITE_DONE) code = closed;
  if (code == SQLITE_OK) return;
  throw StoreError("database: copy to " + path + ": " + sqlite3_errstr(code) + " (" + std::to_string(code) +
                       ") " + message,
                   (code & 0xFF) == SQLITE_FULL);
}

bool Database::reserve_wal_index() {
  sqlite3_file* file = nullptr;
  int code = sqlite3_file_control(db_, "main", SQLITE_FCNTL_FILE_POINTER, static_cast<void*>(&file));
  for (int block = 0; block < kWalIndexBlocks && code == SQLITE_OK; ++block) {
    void volatile* at = nullptr;
    code = file->pMethods->xShmMap(file, block, kWalIndexBlockOctets, 1, &at);
  }
  return code == SQLITE_OK;
}

void Database::fail(int code, std::string_view doing) {
  if (breaks_connection(code)) broken_ = true;
  std::string what = "database: ";
  what += db_ != nullptr ? sqlite3_errmsg(db_) : sqlite3_errstr(code);
  if (is_no_space(db_, code) && (code & 0xFF) != SQLITE_FULL) what += ", no space left on the disk";
  if (db_ != nullptr && (code & 0xFF) == SQLITE_CANTOPEN && sqlite3_system_errno(db_) == EMFILE)
    what += ", too many open files: raise LimitNOFILE= of the unit, or `ulimit -n`";
  what += " (" + std::to_string(code) + ") at: ";
  what += doing.substr(0, 120);
  if (is_damage(code)) damage_ = what;
  throw StoreError(what, is_no_space(db_, code), is_damage(code));
}

}  // namespace pabal::store

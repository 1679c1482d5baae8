#include "sim/sqlite_vfs.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>
#include <sqlite3.h>

#include "sim/world.h"

namespace pabal::sim {
namespace {

class Database {
 public:
  explicit Database(SimDisk& disk) {
    open_ = sqlite3_open_v2("/data/pabal.db", &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                            disk.sqlite_vfs()) == SQLITE_OK &&
            run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4;");
  }
  ~Database() { sqlite3_close(db_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  bool is_open() const { return open_; }
  bool run(const std::string& sql) {
    code_ = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
    return code_ == SQLITE_OK;
  }
  int code() const { return code_; }
  // The first column of every row; a failure shows as "error: ...".
  std::vector<std::string> column(const std::string& sql) {
    std::vector<std::string> out;
    auto take = [](void* to, int, char** values, char**) {
      static_cast<std::vector<std::string>*>(to)->emplace_back(values[0] ? values[0] : "NULL");
      return 0;
    };
    if (sqlite3_exec(db_, sql.c_str(), take, &out, nullptr) != SQLITE_OK) {
      out.push_back(std::string("error: ") + sqlite3_errmsg(db_));
    }
    return out;
  }

 private:
  sqlite3* db_ = nullptr;
  bool open_ = false;
  int code_ = SQLITE_OK;
};

using Rows = std::vector<std::string>;

struct Store {
  explicit Store(uint64_t seed) : sim(seed) {
    disk.make_directory("/data");
    disk.sync_all();
  }
  SimWorld sim;
  SimHost& host = sim.host("mx", {"192.0.2.1"});
  SimDisk& disk = host.disk();
  std::set<std::string> acknowledged;  // rows whose COMMIT said OK
};

// Two connections write and read in turns; an error ends one round, not the run.
void work(Store& store) {
  Database a(store.disk), b(store.disk);
  if (!a.is_open() || !b.is_open()) return;
  a.run("CREATE TABLE IF NOT EXISTS mail(id INTEGER PRIMARY KEY, body TEXT)");
  for (int i = 0; i < 12; ++i) {
    Database& writer = i % 3 == 2 ? b : a;
    std::string id = std::to_string(i);
    std::string body(static_cast<size_t>(400 * i), 'm');
    bool done = writer.run("BEGIN IMMEDIATE") &&
                writer.run("INSERT INTO mail VALUES(" + id + ", '" + body + "')") && writer.run("COMMIT");
    if (done) {
      store.acknowledged.insert(id);
    } else {
      writer.run("ROLLBACK");
    }
    (i % 2 == 0 ? b : a).column("SELECT count(*) FROM mail");
  }
}

// What must hold after whatever happened.
void check(Store& store, const std::string& context) {
  store.sim.faults().clear();
  Database db(store.disk);
  ASSERT_TRUE(db.is_open()) << context << ": " << db.code();
  EXPECT_EQ(db.column("PRAGMA integrity_check"), Rows{"ok"}) << context;
  if (store.acknowledged.empty()) return;
  Rows found = db.column("SELECT id FROM mail");
  std::set<std::string> there(found.begin(), found.end());
  for (const std::string& id : store.acknowledged)
    EXPECT_TRUE(there.contains(id)) << context << " lost " << id;
}

TEST(SqliteVfs, TwoConnectionsShareAWal) {
  Store store(1);
  store.sim.faults().record_names();
  Database a(store.disk), b(store.disk);
  ASSERT_TRUE(a.is_open() && b.is_open());
  EXPECT_EQ(a.column("PRAGMA journal_mode"), Rows{"wal"});
  ASSERT_TRUE(a.run("CREATE TABLE mail(id INTEGER PRIMARY KEY, body TEXT)"));
  ASSERT_TRUE(a.run("BEGIN IMMEDIATE; INSERT INTO mail VALUES(1, 'from a')"));
  EXPECT_EQ(b.column("SELECT count(*) FROM mail"), Rows{"0"});
  EXPECT_FALSE(b.run("BEGIN IMMEDIATE"));
  EXPECT_EQ(b.code(), SQLITE_BUSY);
  ASSERT_TRUE(a.run("COMMIT"));
  ASSERT_TRUE(b.run("INSERT INTO mail VALUES(2, 'from b')"));
  EXPECT_EQ(a.column("SELECT body FROM mail ORDER BY id"), (Rows{"from a", "from b"}));
  EXPECT_EQ(a.column("SELECT date('now')"), Rows{"2025-11-21"});
  EXPECT_TRUE(std::ranges::count(store.sim.faults().names(), "sqlite.sync mx:/data/pabal.db-wal") > 0);
}

TEST(SqliteVfs, ReadersBlockTheExclusiveLockOfARollbackJournal) {
  Store store(1);
  Database a(store.disk), b(store.disk);
  ASSERT_TRUE(a.run("CREATE TABLE mail(id INTEGER PRIMARY KEY); INSERT INTO mail VALUES(1)"));
  ASSERT_TRUE(b.run("BEGIN; SELECT * FROM mail"));
  EXPECT_FALSE(a.run("PRAGMA journal_mode=DELETE"));
  ASSERT_TRUE(b.run("COMMIT"));
}

TEST(SqliteVfs, NoCrashLosesAnAcknowledgedRow) {
  uint64_t n = 0;
  for (;; ++n) {
    ASSERT_LT(n, 5000u);
    Store store(n);
    store.sim.faults().happen_at(n, [&store] { store.host.power_off(); });
    work(store);
    bool fired = store.sim.faults().fired();
    if (fired) store.host.power_on();
    check(store, "crash at " + std::to_string(n) + ' ' + store.sim.faults().fired_operation());
    if (HasFatalFailure()) return;
    if (!fired) break;
  }
  EXPECT_GT(n, 100u);
}

TEST(SqliteVfs, NoFailingOperationLosesAnAcknowledgedRow) {
  uint64_t n = 0;
  for (;; ++n) {
    ASSERT_LT(n, 5000u);
    Store store(n);
    store.sim.faults().fail_at(n);
    work(store);
    bool fired = store.sim.faults().fired();
    std::string context = "fail " + std::to_string(n) + ' ' + store.sim.faults().fired_operation();
    check(store, context);
    // Without a crash nothing that was not closed may hide behind memory.
    store.host.power_off();
    store.host.power_on();
    check(store, context + ", then crash");
    if (HasFatalFailure()) return;
    if (!fired) {
      EXPECT_EQ(store.acknowledged.size(), 12u);
      break;
    }
  }
  EXPECT_GT(n, 100u);
}

TEST(SqliteVfs, TheSameSeedGivesTheSameFingerprint) {
  auto run = [](uint64_t seed) {
    Store store(seed);
    work(store);
    return store.sim.fingerprint();
  };
  EXPECT_EQ(run(3), run(3));
}

}  // namespace
}  // namespace pabal::sim

// How long the feed is kept, and for whom: the horizon, cursors, what check and rebuild
// make of it, and that a disk that fails breaks none of it.
#include "store/check.h"
#include "store/feed_cursors.h"
#include "store/feed_trim.h"
#include "store/rebuild.h"
#include "tools_world.h"

namespace pabal::store {
namespace {

constexpr AccountId kMe{kAccount};

class FeedKeeping : public RealStore {
 protected:
  FeedKeeping() : store_(Store::open(world_, options())) {
    store_->execute_now([](Transaction& tx) { make_account(tx); });
  }
  ~FeedKeeping() override { loop_.run(store_->close()); }

  // Mails in INBOX; then `work` in one transaction.
  void with_mails(int count, std::function<void(Transaction&, MailboxId)> work) {
    auto fill = [](Store& s, int n) -> rt::Task<void> {
      for (int i = 0; i < n; ++i) co_await deliver(s, text_of(100));
    };
    loop_.run(fill(*store_, count));
    store_->execute_now([&](Transaction& tx) { work(tx, inbox_of(tx.db)); });
  }
  static ModSeq newest(Transaction& tx) {
    Statement select = tx.db.prepare("SELECT modseq FROM account WHERE id = 1");
    select.step();
    return {select.number(0)};
  }
  static int64_t rows(Transaction& tx) {
    Statement select = tx.db.prepare("SELECT count(*) FROM change WHERE account = 1");
    select.step();
    return select.number(0);
  }

  std::unique_ptr<Store> store_;
};

TEST_F(FeedKeeping, KeepsTheNewestRows) {
  with_mails(20, [](Transaction& tx, MailboxId inbox) {
    const ModSeq end = newest(tx);
    EXPECT_FALSE(is_too_long(tx.db, kMe, 100));
    EXPECT_TRUE(is_too_long(tx.db, kMe, 5));
    int steps = 1;
    while (trim_feed(tx, kMe, 5, 7)) {
      ++steps;
      EXPECT_TRUE(is_too_long(tx.db, kMe, 5));  // a process that died here goes on later
    }
    EXPECT_EQ(steps, 3);
    EXPECT_EQ(rows(tx), 5);
    EXPECT_FALSE(is_too_long(tx.db, kMe, 5));
    const ModSeq kept{end.value - 5}, lost{end.value - 6};
    EXPECT_EQ(changes_of(tx.db, kMe, ObjectType::email, behind(kept), 10)->created.size(), 5u);
    EXPECT_FALSE(changes_of(tx.db, kMe, ObjectType::email, behind(lost), 10).has_value());
    EXPECT_FALSE(is_forgotten(tx.db, kMe, kept));
    EXPECT_TRUE(is_forgotten(tx.db, kMe, lost));
    expunge(tx, kMe, inbox, {{{3}, {4}}, {{20}, {20}}});
    EXPECT_EQ(expunged_since(tx.db, kMe, inbox, kept), (UidRanges{{{3}, {4}}, {{20}, {20}}}));
  });
}

// RFC 7162 §3.2.5.2: more than was expunged, but nothing that is there.
TEST_F(FeedKeeping, WhoComesBackTooLateIsToldWhatIsNotThere) {
  with_mails(9, [](Transaction& tx, MailboxId inbox) {
    expunge(tx, kMe, inbox, {{{1}, {2}}, {{5}, {5}}, {{9}, {9}}});
    const UidRanges all{{{1}, {2}}, {{5}, {5}}, {{9}, {9}}};
    const ModSeq late = newest(tx);
    change_flags(tx, kMe, inbox, {{{3}, {3}}}, {FlagChange::add, kSeen});
    EXPECT_TRUE(expunged_since(tx.db, kMe, inbox, late).empty());
    forget_feed(tx, kMe);
    EXPECT_EQ(expunged_since(tx.db, kMe, inbox, late), all);
    EXPECT_TRUE(expunged_since(tx.db, kMe, inbox, newest(tx)).empty());
    expunge(tx, kMe, inbox, {{{1}, {20}}});
    EXPECT_EQ(expunged_since(tx.db, kMe, inbox, late), (UidRanges{{{1}, {9}}}));
    EXPECT_TRUE(expunged_since(tx.db, kMe, *find_mailbox(tx.db, kMe, "Trash"), late).empty());
  });
}

TEST_F(FeedKeeping, ACursorHoldsTheFeedForAWhile) {
  with_mails(10, [](Transaction& tx, MailboxId inbox) {
    EXPECT_EQ(find_cursor(tx.db, "test", kMe), std::nullopt);
    EXPECT_EQ(list_behind(tx.db, "test", {}, 10), std::vector{kMe});
    const ModSeq done = newest(tx);
    move_cursor(tx, "test", kMe, behind(done));
    move_cursor(tx, "faster", kMe, behind(ModSeq{done.value + 3}));
    EXPECT_EQ(find_cursor(tx.db, "test", kMe), behind(done));
    EXPECT_TRUE(list_behind(tx.db, "test", {}, 10).empty());
    for (uint64_t i = 0; i < 7; ++i)
      change_flags(tx, kMe, inbox, {{{1}, {1}}}, {FlagChange::replace, i % 2 == 0 ? kSeen : uint64_t{0}});
    EXPECT_EQ(list_behind(tx.db, "test", {}, 10), std::vector{kMe});
    while (trim_feed(tx, kMe, 2, 100)) continue;
    EXPECT_EQ(changes_of(tx.db, kMe, ObjectType::email, behind(done), 10)->updated.size(), 1u);
    EXPECT_EQ(rows(tx), 7);
    remove_cursors(tx, "test");
    while (trim_feed(tx, kMe, 2, 100)) continue;
    EXPECT_EQ(rows(tx), 4);  // what the faster one needs
    // A consumer that does not come does not keep everything.
    for (uint64_t i = 0; i < 20; ++i)
      change_flags(tx, kMe, inbox, {{{2}, {2}}}, {FlagChange::replace, i % 2 == 0 ? kSeen : uint64_t{0}});
    while (trim_feed(tx, kMe, 2, 100)) continue;
    EXPECT_EQ(rows(tx), static_cast<int64_t>(2 * kHeldFactor));
    EXPECT_FALSE(read_feed(tx.db, kMe, *find_cursor(tx.db, "faster", kMe), 10).has_value());
  });
}

TEST(FeedTrimmer, WorksWhileTheStoreRuns) {
  sim::SimWorld sim(5);
  io::World world = sim.host("mx", {"192.0.2.1"}).world();
  std::unique_ptr<Store> store = Store::open(world, small_options("/data"));
  store->execute_now([](Transaction& tx) { make_account(tx); });
  auto work = [&]() -> rt::Task<void> {
    for (int i = 0; i < 30; ++i) co_await deliver(*store, text_of(100));
    FeedTrimmer trimmer(world, *store, 4);
    rt::TaskGroup group;
    group.spawn(trimmer.run());
    co_await rt::sleep_for(std::chrono::minutes(1));  // of virtual time
    auto left = [](Database& db) { return is_too_long(db, kMe, 4); };
    bool too_long = co_await store->read(left);
    EXPECT_FALSE(too_long);
    trimmer.stop();
    co_await group.join();
    co_await store->close();
  };
  sim.run(work());
  Database db(database_path("/data"), {true, world.disk.sqlite_vfs()});
  EXPECT_EQ(list_changes(db, kMe, {}).size(), 4u);
}

class FeedCheck : public ToolsTest {
 protected:
  void execute(const std::string& sql) {
    Database db(database_, {false, world_.disk.sqlite_vfs()});
    db.execute(sql);
  }
  void expect_mended(const std::string& where) {
    CheckResult found = check_store(world_, kData, {}, kSilent);
    ASSERT_EQ(found.findings.size(), 1u);
    EXPECT_EQ(found.findings[0].kind, Finding::leftover);
    EXPECT_EQ(found.findings[0].where, where);
    EXPECT_EQ(rebuild_store(world_, kData).feeds, 1u);
    EXPECT_TRUE(check_store(world_, kData, {}, kSilent).findings.empty());
    Database db(database_, {true, world_.disk.sqlite_vfs()});
    EXPECT_FALSE(read_feed(db, AccountId{1}, {}, 1).has_value());
  }
};

TEST_F(FeedCheck, ADamagedFeedBeginsAnew) {
  fill();
  execute("UPDATE change SET names = x'80' WHERE account = 1 AND kind = 1");
  expect_mended("change feed of account 1");
  execute("UPDATE account SET feed_horizon = modseq + 1 WHERE id = 1");
  expect_mended("change feed of account 1");
  execute("INSERT INTO feed_cursor SELECT 'x', id, modseq + 2, 0, 0, 0 FROM account WHERE id = 1");
  expect_mended("change feed of account 1");
}

// A consumer whose work is in the transaction of its cursor, on a disk that fails at
// each operation, and with a crash at each: it has done everything exactly once.
rt::Task<void> consume(Store& store) {
  for (;;) {
    auto begin = [](Database& db) { return find_cursor(db, "test", kMe).value_or(FeedPoint{}); };
    const FeedPoint from = co_await test::read(store, begin);
    auto look = [from](Database& db) { return changes_of(db, kMe, ObjectType::email, from, 2).value(); };
    const ObjectChanges changes = co_await test::read(store, look);
    auto work = [&changes](Transaction& tx) {
      for (int64_t id : changes.created)
        tx.db.prepare("INSERT INTO known_to_test (id) VALUES (?)").bind(id).run();
      for (int64_t id : changes.destroyed) {
        tx.db.prepare("DELETE FROM known_to_test WHERE id = ?").bind(id).run();
        EXPECT_EQ(tx.db.changes(), 1);
      }
      move_cursor(tx, "test", kMe, changes.next);
    };
    co_await test::write(store, work);
    if (!changes.more) co_return;
  }
}

rt::Task<void> change_and_consume(Store& store) {
  try {
    for (int i = 0; i < 4; ++i) {
      co_await deliver(store, text_of(100));
      co_await deliver(store, text_of(9000));
      co_await consume(store);
      auto expunge_one = [i](Transaction& tx) { expunge(tx, kMe, inbox_of(tx.db), {{{i + 1}, {i + 1}}}); };
      co_await test::write(store, expunge_one);
      auto trim = [](Transaction& tx) { return trim_feed(tx, kMe, 3, 2); };
      co_await test::write(store, trim);
    }
  } catch (const StoreError&) {
    // Who was told so tries again later.
  }
  co_await store.close();
}

StoreOptions sim_options() {
  StoreOptions options = small_options("/data");
  options.segment_octets = 32 << 10;
  return options;
}

void live_through(sim::SimWorld& sim, sim::SimHost& host, const std::function<void()>& arm) {
  io::World world = host.world();
  {
    std::unique_ptr<Store> store = Store::open(world, sim_options());
    store->execute_now([](Transaction& tx) {
      make_account(tx);
      tx.db.execute("CREATE TABLE known_to_test (id INTEGER PRIMARY KEY)");
    });
    auto close = [](Store& s) -> rt::Task<void> { co_await s.close(); };
    sim.run(close(*store));
  }
  arm();
  try {
    std::unique_ptr<Store> store = Store::open(world, sim_options());
    sim.run(change_and_consume(*store));
  } catch (const StoreError&) {
    // It could not be opened.
  }
}

void expect_consumed(sim::SimWorld& sim, sim::SimHost& host) {
  io::World world = host.world();
  {
    std::unique_ptr<Store> store = Store::open(world, sim_options());
    auto look = [](Store& s) -> rt::Task<void> {
      co_await consume(s);
      auto compare = [](Database& db) {
        Statement select = db.prepare(
            "SELECT (SELECT count(*) FROM known_to_test), (SELECT count(*) FROM mail), "
            "(SELECT count(*) FROM mail WHERE message IN (SELECT id FROM known_to_test))");
        select.step();
        EXPECT_EQ(select.number(0), select.number(1));
        EXPECT_EQ(select.number(2), select.number(1));
        return 0;
      };
      co_await test::read(s, compare);
      co_await s.close();
    };
    sim.run(look(*store));
  }
  for (const Finding& finding : check_store(world, "/data", {}, kSilent).findings)
    ADD_FAILURE() << finding.where << ": " << finding.what;
}

TEST(FeedFaults, AConsumerMissesNothingWhenAnOperationFails) {
  uint64_t n = 0;
  for (bool fired = true; fired; ++n) {
    sim::SimWorld sim(7);
    sim::SimHost& host = sim.host("mx", {"192.0.2.1"});
    live_through(sim, host, [&] { sim.faults().fail_at(n); });
    fired = sim.faults().fired();
    SCOPED_TRACE("operation " + std::to_string(n) + ": " + sim.faults().fired_operation());
    sim.faults().clear();
    ASSERT_NO_THROW(expect_consumed(sim, host));
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(n, 20u);
}

TEST(FeedFaults, AConsumerMissesNothingWhenThePowerGoes) {
  for (uint64_t seed = 0; seed < 2; ++seed) {
    bool fired = true;
    for (uint64_t n = seed; fired; n += 2) {
      sim::SimWorld sim(seed);
      sim::SimHost& host = sim.host("mx", {"192.0.2.1"});
      live_through(sim, host, [&] { sim.faults().happen_at(n, [&] { host.power_off(); }); });
      fired = sim.faults().fired();
      SCOPED_TRACE("seed " + std::to_string(seed) + ", operation " + std::to_string(n));
      sim.faults().clear();
      host.power_off();
      host.power_on();
      ASSERT_NO_THROW(expect_consumed(sim, host));
      if (testing::Test::HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace pabal::store

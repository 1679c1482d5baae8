// The store under a disk that fails: every I/O operation once, and a crash at
// every one of them. Whatever was acknowledged is there afterwards.
#include <map>

#include "store_world.h"

namespace pabal::store {
namespace {

// What clients were told.
struct Told {
  std::map<int64_t, std::string> accepted;  // message id -> bytes
  size_t refused = 0;
};

rt::Task<void> deliver_noting(Store& store, std::string bytes, Told& told) {
  std::string copy = bytes;
  try {
    MessageId id = co_await deliver(store, std::move(copy));
    told.accepted[id.value] = bytes;
  } catch (const StoreError&) {
    ++told.refused;
  }
}

// A few rounds of mails that come together, small and large ones.
rt::Task<void> deliver_some(Store& store, Told& told) {
  for (int round = 0; round < 3; ++round) {
    rt::TaskGroup group;
    for (int i = 0; i < 3; ++i) {
      char c = static_cast<char>('a' + round * 3 + i);
      group.spawn(deliver_noting(store,
                                 text_of(i == 1                 ? 700
                                         : i == 2 && round == 1 ? 150'000
                                                                : 9'000,
                                         c),
                                 told));
    }
    co_await group.join();
  }
  co_await store.close();
}

StoreOptions sim_options() {
  StoreOptions options = small_options("/data");
  options.segment_octets = 32 << 10;  // so that segments are filled and begun
  return options;
}

// What happens while the server runs under faults; opening may fail, too.
void serve(sim::SimWorld& sim, sim::SimHost& host, Told& told) {
  try {
    io::World world = host.world();
    std::unique_ptr<Store> store = Store::open(world, sim_options());
    store->execute_now([](Transaction& tx) { make_account(tx); });
    sim.run(deliver_some(*store, told));
  } catch (const StoreError&) {
    ++told.refused;
  }
}

rt::Task<void> expect_all_there(Store& store, const Told& told) {
  for (const auto& [id, bytes] : told.accepted) {
    std::string found = co_await store.message_bytes(MessageId{id});
    EXPECT_EQ(found, bytes);
  }
  std::vector<Mail> mails = co_await mails_in(store);
  EXPECT_GE(mails.size(), told.accepted.size());
  std::map<int64_t, int> seen;
  for (size_t i = 0; i < mails.size(); ++i) {
    ++seen[mails[i].message.value];
    // A mail that is there can be read, also one whose sender was told nothing.
    std::string bytes = co_await store.message_bytes(mails[i].message);
    EXPECT_FALSE(bytes.empty());
    std::vector<MessageRange> end{{mails[i].message, {bytes.size() / 2, UINT64_MAX}}};
    std::string half = (co_await store.read(std::move(end))).at(0).bytes;
    EXPECT_GE(half.size(), bytes.size() / 2);
    EXPECT_TRUE(bytes.ends_with(half));
    if (i > 0) EXPECT_GT(mails[i].uid.value, mails[i - 1].uid.value);
  }
  for (const auto& [id, bytes] : told.accepted) EXPECT_EQ(seen[id], 1);
  // And the store takes mail as before.
  Told after;
  co_await deliver_noting(store, text_of(9'000, 'Z'), after);
  EXPECT_EQ(after.refused, 0u);
  co_await store.close();
}

void check(sim::SimWorld& sim, sim::SimHost& host, const Told& told) {
  io::World world = host.world();
  std::unique_ptr<Store> store = Store::open(world, sim_options());
  store->execute_now([](Transaction& tx) { make_account(tx); });
  sim.run(expect_all_there(*store, told));
}

TEST(StoreFaults, EveryOperationMayFailOnce) {
  uint64_t n = 0;
  for (;; ++n) {
    sim::SimWorld sim(7);
    sim::SimHost& host = sim.host("mx", {"192.0.2.1"});
    sim.faults().fail_at(n);
    Told told;
    serve(sim, host, told);
    bool fired = sim.faults().fired();
    SCOPED_TRACE("operation " + std::to_string(n) + ": " + sim.faults().fired_operation());
    sim.faults().clear();
    ASSERT_NO_THROW(check(sim, host, told));
    if (testing::Test::HasFailure() || !fired) {
      EXPECT_EQ(told.accepted.size(), 9u);
      break;
    }
  }
  EXPECT_GT(n, 50u);
}

// Some syncs fail, and behind them others do not.
rt::Task<void> deliver_while_syncs_fail(Store& store, sim::SimHost& host, Told& told) {
  for (int i = 0; i < 12; ++i) {
    host.disk().set_sync_failures(i % 3 == 1 ? 100 : 0);
    co_await deliver_noting(store, text_of(700, static_cast<char>('a' + i)), told);
  }
}

TEST(StoreFaults, WhatFollowsAFailedSyncIsDurable) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    sim::SimWorld sim(seed);
    sim::SimHost& host = sim.host("mx", {"192.0.2.1"});
    Told told;
    {
      io::World world = host.world();
      std::unique_ptr<Store> store = Store::open(world, sim_options());
      store->execute_now([](Transaction& tx) { make_account(tx); });
      sim.run(deliver_while_syncs_fail(*store, host, told));
      EXPECT_EQ(told.refused, 4u);
      host.power_off();
    }
    host.power_on();
    ASSERT_NO_THROW(check(sim, host, told));
    if (testing::Test::HasFailure()) break;
  }
}

TEST(StoreFaults, PowerMayGoAtEveryOperation) {
  // Each operation once, every other one with the other seed's fate.
  for (uint64_t seed = 0; seed < 2; ++seed) {
    for (uint64_t n = seed;; n += 2) {
      sim::SimWorld sim(seed);
      sim::SimHost& host = sim.host("mx", {"192.0.2.1"});
      sim.faults().happen_at(n, [&] { host.power_off(); });
      Told told;
      serve(sim, host, told);
      bool fired = sim.faults().fired();
      SCOPED_TRACE("seed " + std::to_string(seed) + ", operation " + std::to_string(n) + ": " +
                   sim.faults().fired_operation());
      sim.faults().clear();
      host.power_off();
      host.power_on();
      ASSERT_NO_THROW(check(sim, host, told));
      if (testing::Test::HasFailure()) return;
      if (!fired) break;
    }
  }
}

TEST(StoreFaults, AFullDiskIsSaidAndLeavesRoomForGoingOn) {
  sim::SimWorld sim(3);
  sim::SimHost& host = sim.host("mx", {"192.0.2.1"});
  io::World world = host.world();
  std::unique_ptr<Store> store = Store::open(world, sim_options());
  store->execute_now([](Transaction& tx) { make_account(tx); });
  auto scenario = [](Store& s, sim::SimDisk& disk) -> rt::Task<void> {
    co_await deliver(s, text_of(9'000));
    disk.set_full(true);
    bool full = false;
    for (int i = 0; i < 50 && !full; ++i) {
      try {
        co_await deliver(s, text_of(9'000));
      } catch (const StoreError& e) {
        full = e.full();
      }
    }
    EXPECT_TRUE(full);
    disk.set_full(false);
    Told told;
    co_await deliver_noting(s, text_of(9'000), told);
    EXPECT_EQ(told.refused, 0u);
    co_await s.close();
  };
  sim.run(scenario(*store, host.disk()));
}

// Starts the store, looks, and loses its power without writing anything.
std::vector<int64_t> seen_after_restart(sim::SimWorld& sim, sim::SimHost& host) {
  host.disk().restart();
  io::World world = host.world();
  std::unique_ptr<Store> store = Store::open(world, sim_options());
  std::vector<int64_t> messages;
  auto look = [](Store& s, sim::SimHost& h, std::vector<int64_t>& found) -> rt::Task<void> {
    auto query = [&found](Database& db) {
      Statement select = db.prepare("SELECT message FROM mail ORDER BY mailbox, uid");
      while (select.step()) found.push_back(select.number(0));
      return found.size();
    };
    co_await test::read(s, query);
    h.power_off();
    co_await s.close();
  };
  sim.run(look(*store, host, messages));
  return messages;
}

// What a killed process left in the cache of the system is shown only once it is on the disk.
TEST(StoreFaults, WhatIsSeenAfterAKillStaysWhenPowerGoes) {
  for (uint64_t n = 0, fired = 1; fired != 0; ++n) {
    sim::SimWorld sim(n);
    sim::SimHost& host = sim.host("mx", {"192.0.2.1"});
    sim.faults().happen_at(n, [&] { host.kill(); });
    Told told;
    serve(sim, host, told);
    fired = sim.faults().fired();
    SCOPED_TRACE("operation " + std::to_string(n) + ": " + sim.faults().fired_operation());
    sim.faults().clear();
    std::vector<int64_t> seen = seen_after_restart(sim, host);
    ASSERT_EQ(seen_after_restart(sim, host), seen);
  }
}

TEST(StoreFaults, TheSameSeedDoesTheSame) {
  auto fingerprint = [] {
    sim::SimWorld sim(11);
    sim::SimHost& host = sim.host("mx", {"192.0.2.1"});
    Told told;
    serve(sim, host, told);
    EXPECT_EQ(told.accepted.size(), 9u);
    return sim.fingerprint();
  };
  EXPECT_EQ(fingerprint(), fingerprint());
}

}  // namespace
}  // namespace pabal::store

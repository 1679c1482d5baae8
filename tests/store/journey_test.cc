#include "journey/pruner.h"
#include "journey/refusals.h"
#include "store_world.h"

namespace pabal::journey {
namespace {

using store::Store;
using store::Transaction;

class JourneyTest : public testing::Test {
 protected:
  JourneyTest() : world_(sim_.host("mx", {"192.0.2.1"}).world()) {
    store_ = Store::open(world_, store::small_options("/data"));
  }
  void change(std::move_only_function<void(Transaction&)> work) { store_->execute_now(std::move(work)); }

  sim::SimWorld sim_{5};
  io::World world_;
  std::unique_ptr<Store> store_;
};

TEST_F(JourneyTest, EventsComeBackInTheirOrder) {
  change([](Transaction& tx) {
    record(tx, MessageId{7}, {{Time{1}, "accepted", {}}, {Time{2}, "queued", {}}});
    record(tx, MessageId{7}, {});
    record(tx, MessageId{8}, {{Time{3}, "accepted", {}}});
    record(tx, MessageId{7}, {{Time{4}, "relayed", {{"by", "mx"}}}});
    std::string kinds;
    for (const Event& event : read(tx.db, MessageId{7})) kinds += event.kind + ' ';
    EXPECT_EQ(kinds, "accepted queued relayed ");
    EXPECT_TRUE(read(tx.db, MessageId{9}).empty());
  });
}

TEST_F(JourneyTest, FindsByWholeAddressNewestFirst) {
  change([](Transaction& tx) {
    record(tx, MessageId{1},
           {{Time{1}, "accepted", {{"from", "<a_b@x.test>"}, {"to", "c@y.test, d@y.test"}}}});
    record(tx, MessageId{2}, {{Time{1}, "accepted", {{"from", "<aab@x.test>"}, {"to", "cc@y.test"}}}});
    record(tx, MessageId{3}, {{Time{1}, "accepted", {{"from", "<C@Y.test>"}, {"dialogue", "d@y.test"}}}});
    record(tx, MessageId{3}, {{Time{2}, "delivered", {{"to", "c@y.test"}}}});
    EXPECT_EQ(find_by_address(tx.db, "c@y.test", 10), (std::vector{MessageId{3}, MessageId{1}}));
    EXPECT_EQ(find_by_address(tx.db, "C@y.TEST", 1), (std::vector{MessageId{3}}));
    EXPECT_EQ(find_by_address(tx.db, "d@y.test", 10), (std::vector{MessageId{1}}));
    EXPECT_EQ(find_by_address(tx.db, "a_b@x.test", 10), (std::vector{MessageId{1}}));
    EXPECT_TRUE(find_by_address(tx.db, "", 10).empty());
  });
}

TEST_F(JourneyTest, PrunesWhatEndedLongAgo) {
  Time now = sim::SimWorld::kStart;
  Time old = now - Duration(1000);
  change([&](Transaction& tx) {
    record(tx, MessageId{1}, {{old, "accepted", {}}});
    record(tx, MessageId{2}, {{old, "accepted", {}}});
    record(tx, MessageId{2}, {{now, "relayed", {}}});
    EXPECT_EQ(prune(tx, now), 1u);
    EXPECT_TRUE(read(tx.db, MessageId{1}).empty());
    EXPECT_EQ(read(tx.db, MessageId{2}).size(), 2u);
    EXPECT_EQ(prune(tx, now), 0u);
  });
}

TEST_F(JourneyTest, ARunningServerForgetsWhatEndedLongAgo) {
  const Time old = sim::SimWorld::kStart - std::chrono::days(91), young = old + std::chrono::days(2);
  change([&](Transaction& tx) {
    for (int64_t id = 1; id <= 3 * static_cast<int64_t>(kPruneMax); ++id)
      record(tx, MessageId{id}, {{id % 3 == 0 ? young : old, "accepted", {}}});
  });
  auto serve = [this]() -> rt::Task<void> {
    Pruner pruner(world_, *store_, std::chrono::days(90));
    rt::TaskGroup group;
    group.spawn(pruner.run());
    auto left = [](store::Database& db) { return newest(db, 5 * kPruneMax).size(); };
    co_await rt::sleep_for(std::chrono::seconds(1));
    size_t at_once = co_await store_->read(left);
    EXPECT_EQ(at_once, kPruneMax);
    co_await rt::sleep_for(std::chrono::days(2));
    size_t two_days_later = co_await store_->read(left);
    EXPECT_EQ(two_days_later, 0u);
    pruner.stop();
    co_await group.join();
  };
  sim_.run(serve());
}

// People write an address as they know it, the wire has it in its own form.
TEST_F(JourneyTest, FindsAnAddressHoweverItIsWritten) {
  change([](Transaction& tx) {
    record(tx, MessageId{1}, {{Time{1}, "accepted", {{"from", "<\"taro..\"@docomo.test>"}}}});
    for (const char* written : {"taro..@docomo.test", "\"taro..\"@docomo.test", " Taro..@Docomo.Test. "})
      EXPECT_EQ(find_by_address(tx.db, written, 10), (std::vector{MessageId{1}})) << written;
    EXPECT_TRUE(find_by_address(tx.db, "taro.@docomo.test", 10).empty());
  });
}

Event refused(int minute, const std::string& to) {
  return {Time{minute * 60'000}, "refused", {{"from", "<a@client.test>"}, {"to", to}}};
}

TEST_F(JourneyTest, RefusalsAreFoundNewestFirst) {
  Refusals refusals(world_, "/data");
  refusals.note("192.0.2.1", refused(1, "<bob@seoul.test>"));
  refusals.note("192.0.2.1", refused(2, "taro..@seoul.test"));
  refusals.note("192.0.2.1", refused(3, "<BOB@seoul.test>\r\n\x1b[2J"));
  refusals.note_login("192.0.2.1", "IMAP", "bob@seoul.test", "wrong password");
  std::vector<Event> found = find_refusals(world_.disk, "/data", "bob@seoul.test", 10);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].kind, "login refused");
  EXPECT_EQ(found[1].at, Time{3 * 60'000});
  EXPECT_EQ(found[1].facts[1].second, "<BOB@seoul.test>\\x0d\\x0a\\x1b[2J");
  EXPECT_EQ(found[2].at, Time{60'000});
  EXPECT_EQ(find_refusals(world_.disk, "/data", "a@client.test", 2).size(), 2u);
  EXPECT_EQ(find_refusals(world_.disk, "/data", "\"taro..\"@seoul.test", 10).size(), 1u);
  EXPECT_TRUE(find_refusals(world_.disk, "/data", "ob@seoul.test", 10).empty());
  EXPECT_TRUE(find_refusals(world_.disk, "/nowhere", "bob@seoul.test", 10).empty());

  Refusals after_a_restart(world_, "/data");
  after_a_restart.note("192.0.2.1", refused(9, "<bob@seoul.test>"));
  EXPECT_EQ(find_refusals(world_.disk, "/data", "bob@seoul.test", 10).size(), 4u);
}

TEST_F(JourneyTest, OnePeerCannotFillTheRefusals) {
  Refusals refusals(world_, "/data");
  for (int i = 0; i < 1000; ++i) refusals.note("192.0.2.66", refused(1, "<bob@seoul.test>"));
  refusals.note("192.0.2.1", refused(1, "<carol@seoul.test>"));
  EXPECT_EQ(find_refusals(world_.disk, "/data", "bob@seoul.test", 9999).size(), refusals_per_peer_max);
  EXPECT_EQ(find_refusals(world_.disk, "/data", "carol@seoul.test", 10).size(), 1u);
  for (int i = 0; i < 9999; ++i) refusals.note(std::to_string(i), refused(2, "<dan@seoul.test>"));
  EXPECT_EQ(find_refusals(world_.disk, "/data", "dan@seoul.test", 9999).size(), refusals_per_minute_max);
}

TEST_F(JourneyTest, RefusalsTakeALimitedSpace) {
  Refusals refusals(world_, "/data");
  std::string lengthy = "<" + std::string(1500, 'x') + "@seoul.test>";
  for (int i = 0; i < 10'000; ++i) refusals.note("192.0.2.66", refused(i, lengthy));
  refusals.note("192.0.2.66", refused(10'000, "<bob@seoul.test>"));
  uint64_t octets = 0;
  for (const char* file : {"/data/refusals", "/data/refusals.older"})
    octets += world_.disk.open(file, io::OpenMode::read)->size();
  EXPECT_LE(octets, 2 * refusals_octets_max);
  EXPECT_GT(octets, refusals_octets_max);
  EXPECT_EQ(find_refusals(world_.disk, "/data", "bob@seoul.test", 10).size(), 1u);
}

// Nobody waits for the disk, and nobody ends with it.
TEST_F(JourneyTest, ADiskThatFailsCostsOnlyTheNote) {
  Refusals refusals(world_, "/data");
  sim_.faults().fail_at(0);
  refusals.note("192.0.2.1", refused(1, "<bob@seoul.test>"));
  sim_.faults().clear();
  refusals.note("192.0.2.1", refused(1, "<bob@seoul.test>"));
  EXPECT_EQ(find_refusals(world_.disk, "/data", "bob@seoul.test", 10).size(), 1u);
}

}  // namespace
}  // namespace pabal::journey

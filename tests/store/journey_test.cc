#include "journey/journey.h"

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

}  // namespace
}  // namespace pabal::journey

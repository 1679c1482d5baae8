// The mailboxes that many sessions of one account watch are read once for all of them.
#include "reading/trees.h"

#include "../store/store_world.h"
#include "rt/task_group.h"

namespace pabal::reading {
namespace {

class TreesAreRead : public testing::Test {
 protected:
  TreesAreRead() : sim_(1), host_(sim_.host("mx.seoul.test", {})), world_(host_.world()) {
    store_ = store::Store::open(world_, {.directory = "/pabal"});
    store_->execute_now([](store::Transaction& tx) { store::make_account(tx); });
  }
  ~TreesAreRead() override {
    auto close = [](store::Store& s) -> rt::Task<void> { co_await s.close(); };
    sim_.run(close(*store_));
  }

  static directory::Account reader() {
    directory::Account account;
    account.id = AccountId{store::kAccount};
    account.address = "a@seoul.test";
    return account;
  }

  static rt::Task<void> ask(Trees& from, uint64_t since, std::vector<std::shared_ptr<const SeenTree>>& out) {
    auto tree = co_await from.read(reader(), since);
    out.push_back(std::move(tree));
  }

  sim::SimWorld sim_;
  sim::SimHost& host_;
  io::World world_;
  std::unique_ptr<store::Store> store_;
};

TEST_F(TreesAreRead, ByAllWhoAskAtATime) {
  auto test = [](store::Store& store) -> rt::Task<void> {
    Trees trees(store);
    std::vector<std::shared_ptr<const SeenTree>> got;
    rt::TaskGroup group;
    for (int i = 0; i < 20; ++i) group.spawn(ask(trees, trees.now(), got));
    co_await group.join();
    EXPECT_EQ(trees.reads(), 1u);
    EXPECT_EQ(got.size(), 20u);
    for (const auto& tree : got) EXPECT_EQ(tree, got[0]);
    co_await ask(trees, trees.now(), got);  // later, and nothing has changed
    EXPECT_EQ(trees.reads(), 1u);

    size_t before = got[0]->mailboxes.size();
    store.execute_now([](store::Transaction& tx) {
      (void)store::create_mailbox(tx, AccountId{store::kAccount}, "new", "");
    });
    trees.changed();
    got.clear();
    for (int i = 0; i < 20; ++i) group.spawn(ask(trees, trees.now(), got));
    co_await group.join();
    EXPECT_EQ(trees.reads(), 2u);
    for (const auto& tree : got) EXPECT_EQ(tree->mailboxes.size(), before + 1);
  };
  sim_.run(test(*store_));
}

// What was read before a change does not do for who has heard of the change.
TEST_F(TreesAreRead, NotWhileSomethingChanges) {
  auto test = [](store::Store& store) -> rt::Task<void> {
    Trees trees(store);
    std::vector<std::shared_ptr<const SeenTree>> got;
    rt::TaskGroup group;
    group.spawn(ask(trees, trees.now(), got));
    co_await rt::sleep_for(Duration(0));  // until it reads
    trees.changed();
    for (int i = 0; i < 3; ++i) group.spawn(ask(trees, trees.now(), got));
    co_await group.join();
    EXPECT_EQ(trees.reads(), 2u);
    EXPECT_EQ(got.size(), 4u);
  };
  sim_.run(test(*store_));
}

}  // namespace
}  // namespace pabal::reading

// Notices of commits: who hears what, on which loop, and when.
#include <thread>

#include "store/changes.h"
#include "store/outside.h"
#include "store/sharing.h"
#include "store_world.h"

namespace pabal::store {
namespace {

using Heard = std::vector<std::vector<MailboxChange>>;

TEST_F(RealStore, AListenerHearsOfACommitBeforeItsWriterGoesOn) {
  with_store([](Store& store) -> rt::Task<void> {
    Heard heard;
    std::unique_ptr<Subscription> subscription = store.subscribe(
        rt::Loop::current(), [&](const std::vector<MailboxChange>& changes) { heard.push_back(changes); });
    MailboxId inbox, trash;
    auto find = [&](Transaction& tx) {
      inbox = inbox_of(tx.db);
      trash = *find_mailbox(tx.db, AccountId{kAccount}, "Trash");
    };
    co_await test::write(store, find);
    EXPECT_TRUE(heard.empty());  // nothing was changed
    co_await deliver(store, text_of(100));
    EXPECT_EQ(heard.size(), 1u);
    if (heard.size() == 1)
      EXPECT_EQ(heard[0], (std::vector<MailboxChange>{{AccountId{kAccount}, inbox, true}}));
    auto both_twice = [&](Transaction& tx) {
      for (int i = 0; i < 2; ++i) {
        copy_mails(tx, inbox, {{{1}, {1}}}, AccountId{kAccount}, trash);
        change_flags(tx, AccountId{kAccount}, inbox, {{{1}, {1}}},
                     {i == 0 ? FlagChange::add : FlagChange::remove, kSeen});
      }
    };
    co_await test::write(store, both_twice);
    EXPECT_EQ(heard.size(), 2u);
    if (heard.size() == 2)
      EXPECT_EQ(heard[1], (std::vector<MailboxChange>{{AccountId{kAccount}, inbox, true},
                                                      {AccountId{kAccount}, trash, true}}));
    subscription = nullptr;
    co_await deliver(store, text_of(100));
    EXPECT_EQ(heard.size(), 2u);
  });
}

TEST_F(RealStore, AListenerThatGoesHearsNothingThatIsUnderWay) {
  with_store([](Store& store) -> rt::Task<void> {
    size_t first = 0, second = 0;
    std::unique_ptr<Subscription> one, two;
    // Whoever is called first ends both.
    one = store.subscribe(rt::Loop::current(), [&](const std::vector<MailboxChange>&) {
      ++first;
      one = nullptr;
      two = nullptr;
    });
    two = store.subscribe(rt::Loop::current(), [&](const std::vector<MailboxChange>&) { ++second; });
    co_await deliver(store, text_of(100));
    co_await deliver(store, text_of(100));
    EXPECT_EQ(first, 1u);
    EXPECT_EQ(second, 0u);
  });
}

TEST_F(RealStore, AUnitThatThrowsIsNotHeardOf) {
  with_store([](Store& store) -> rt::Task<void> {
    Heard heard;
    std::unique_ptr<Subscription> subscription = store.subscribe(
        rt::Loop::current(), [&](const std::vector<MailboxChange>& changes) { heard.push_back(changes); });
    auto failing = [](Store& s) -> rt::Task<void> {
      auto work = [](Transaction& tx) {
        (void)create_mailbox(tx, AccountId{kAccount}, "never", "");
        throw std::invalid_argument("not this one");
      };
      try {
        co_await test::write(s, work);
      } catch (const std::invalid_argument&) {
        co_return;
      }
      ADD_FAILURE() << "it did not throw";
    };
    auto working = [](Store& s) -> rt::Task<void> { co_await deliver(s, text_of(200)); };
    rt::TaskGroup group;
    for (int i = 0; i < 10; ++i) {
      group.spawn(failing(store));
      group.spawn(working(store));
    }
    co_await group.join();
    EXPECT_FALSE(heard.empty());
    MailboxId inbox;
    auto find = [&](Database& db) { return inbox_of(db); };
    inbox = co_await test::read(store, find);
    for (const auto& changes : heard)
      EXPECT_EQ(changes, (std::vector<MailboxChange>{{AccountId{kAccount}, inbox, true}}));
  });
}

TEST_F(RealStore, WhatIsDoneAtOnceIsHeardOf) {
  with_store([](Store& store) -> rt::Task<void> {
    size_t heard = 0;
    std::unique_ptr<Subscription> subscription =
        store.subscribe(rt::Loop::current(), [&](const std::vector<MailboxChange>&) { ++heard; });
    store.execute_now([](Transaction& tx) { (void)create_mailbox(tx, AccountId{kAccount}, "new", ""); });
    co_await deliver(store, text_of(200));  // lets the loop turn
    EXPECT_EQ(heard, 2u);
  });
}

// The command line is another process, whose commits nobody here hears of by himself.
TEST_F(RealStore, WhatAnotherProcessDoesIsHeardOfAtTheNextLook) {
  with_store([this](Store& store) -> rt::Task<void> {
    Heard heard;
    std::unique_ptr<Subscription> subscription = store.subscribe(
        rt::Loop::current(), [&](const std::vector<MailboxChange>& changes) { heard.push_back(changes); });
    Outside outside(world_, store, options().directory);
    std::unique_ptr<Store> beside = Store::open_beside(world_, options());
    uint64_t generation = store.directory_generation();
    MailboxId inbox;
    beside->execute_now([&](Transaction& tx) {
      inbox = inbox_of(tx.db);
      record_acl(tx, AccountId{kAccount}, inbox, kEverybody);
    });
    EXPECT_TRUE(heard.empty());
    co_await outside.look();
    const Heard once{{{kEverybody, MailboxId{}}, {AccountId{kAccount}, inbox}}};
    EXPECT_EQ(heard, once);
    co_await outside.look();
    co_await deliver(store, text_of(100));  // a commit of our own is no news
    co_await outside.look();
    EXPECT_EQ(heard.size(), 2u);
    EXPECT_EQ(store.directory_generation(), generation);
  });
}

// Every loop learns of every mail, whoever delivers it; at the end each has
// looked at the newest state.
TEST_F(RealStore, EveryLoopHearsOfEveryMail) {
  std::unique_ptr<Store> store = Store::open(world_, options());
  store->execute_now([](Transaction& tx) { make_account(tx); });
  constexpr int64_t kLoops = 3, kMails = 40;
  std::atomic<int> finished = 0;
  auto work = [&] {
    os::EpollPoller poller;
    rt::Loop loop(poller);
    auto all = [&](Store& s) -> rt::Task<void> {
      rt::Waiter* waiting = nullptr;
      uint64_t heard = 0;
      std::unique_ptr<Subscription> subscription =
          s.subscribe(loop, [&](const std::vector<MailboxChange>& changes) {
            EXPECT_EQ(&rt::Loop::current(), &loop);
            EXPECT_EQ(changes.size(), 1u);
            ++heard;
            if (waiting != nullptr) loop.wake(*waiting, rt::Wake::woken);
          });
      for (int64_t i = 0; i < kMails; ++i) co_await deliver(s, text_of(300));
      struct Park {
        rt::Loop& loop;
        rt::Waiter waiter;
        bool await_ready() const { return false; }
        void await_suspend(std::coroutine_handle<> h) {
          loop.park(waiter, h, loop.now() + std::chrono::seconds(30));
        }
        void await_resume() const {}
      };
      for (;;) {
        uint64_t before = heard;
        if ((co_await mails_in(s)).size() == kLoops * kMails) break;
        if (heard != before) continue;
        Park park{loop, {}};
        waiting = &park.waiter;
        co_await park;
        waiting = nullptr;
        EXPECT_EQ(park.waiter.why(), rt::Wake::woken);
        if (park.waiter.why() != rt::Wake::woken) break;
      }
      ++finished;
    };
    loop.run(all(*store));
  };
  std::vector<std::thread> threads;
  for (int64_t i = 0; i < kLoops; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(finished, kLoops);
  loop_.run(store->close());
}

}  // namespace
}  // namespace pabal::store

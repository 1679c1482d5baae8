// The indexer in virtual time: when it works, for whom it waits, and for how long.
// sleep_for() moves the simulated clock to a moment at which the indexer must have
// begun, or must not have; no test waits in real time, and none depends on its speed.
#include "reading/indexer.h"

#include <algorithm>

#include "../store/store_world.h"

namespace pabal::reading {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Time is virtual: to sleep costs nothing, and comes out to the millisecond.
class IndexerInTime : public testing::Test {
 protected:
  IndexerInTime() : sim_(1), host_(sim_.host("mx.seoul.test", {})), world_(host_.world()) {}

  // Runs `test` while the indexer runs, with its default options.
  void with_indexer(std::function<rt::Task<void>()> test) {
    auto run = [&]() -> rt::Task<void> {
      store_ = store::Store::open(world_, {.directory = "/pabal"});
      std::move_only_function<void(store::Transaction&)> fill = [](store::Transaction& tx) {
        store::make_account(tx);
      };
      co_await test::write(*store_, std::move(fill));
      indexer_ = std::make_unique<Indexer>(world_, *store_, IndexerOptions{});
      rt::TaskGroup group;
      group.spawn(indexer_->run());
      // At its start it looks for what was left over; that is not what is tested.
      co_await rt::sleep_for(seconds(1));
      rt::Task<void> body = test();
      co_await body;
      indexer_->stop();
      co_await group.join();
      co_await store_->close();
    };
    sim_.run(run());
  }

  rt::Task<std::vector<MessageId>> deliver(int count) {
    std::vector<MessageId> ids;
    for (int i = 0; i < count; ++i) {
      MessageId id = co_await store::deliver(*store_, store::text_of(200));
      ids.push_back(id);
    }
    co_return ids;
  }
  // Readers come all the time, for so long.
  rt::Task<void> read_for(Duration time) {
    Instant end = rt::Loop::current().now() + time;
    while (rt::Loop::current().now() < end) {
      indexer_->make_way();
      co_await rt::sleep_for(milliseconds(100));
    }
  }
  uint64_t indexed() const { return indexer_->counters().indexed; }
  rt::Task<void> until_indexed(uint64_t count) {
    const Instant patience_ends = rt::Loop::current().now() + seconds(30);
    while (indexed() < count && rt::Loop::current().now() < patience_ends)
      co_await rt::sleep_for(milliseconds(1));
    EXPECT_EQ(indexed(), count);
  }
  rt::Task<size_t> left_over() {
    auto query = [](store::Database& db) { return store::list_unsummarized(db, {}, 1000).size(); };
    co_return co_await test::read(*store_, query);
  }

  sim::SimWorld sim_;
  sim::SimHost& host_;
  io::World world_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Indexer> indexer_;
};

TEST_F(IndexerInTime, WorksWhenDeliveriesPause) {
  with_indexer([this]() -> rt::Task<void> {
    co_await deliver(3);
    co_await rt::sleep_for(milliseconds(150));
    EXPECT_EQ(indexed(), 0u);
    co_await rt::sleep_for(milliseconds(150));
    EXPECT_EQ(indexed(), 3u);
    size_t left = co_await left_over();
    EXPECT_EQ(left, 0u);
  });
}

TEST_F(IndexerInTime, LetsNoMailWaitForLongerThanTenSeconds) {
  with_indexer([this]() -> rt::Task<void> {
    for (int i = 0; i < 95; ++i) {
      co_await deliver(1);
      co_await rt::sleep_for(milliseconds(100));
    }
    EXPECT_EQ(indexed(), 0u);
    for (int i = 0; i < 15; ++i) {
      co_await deliver(1);
      co_await rt::sleep_for(milliseconds(100));
    }
    EXPECT_GE(indexed(), 95u);
  });
}

TEST_F(IndexerInTime, MakesWayForReaders) {
  with_indexer([this]() -> rt::Task<void> {
    co_await deliver(3);
    co_await rt::sleep_for(milliseconds(150));
    indexer_->make_way();
    co_await rt::sleep_for(milliseconds(55));  // the pause of deliveries is over, the reader's is not
    EXPECT_EQ(indexed(), 0u);
    co_await rt::sleep_for(milliseconds(50));
    EXPECT_EQ(indexed(), 3u);
  });
}

TEST_F(IndexerInTime, KeepsAShareHoweverBusyReadersAre) {
  with_indexer([this]() -> rt::Task<void> {
    const IndexerOptions options;
    co_await deliver(static_cast<int>(options.batch_max) + 3);
    host_.blocking().set_latency_max(milliseconds(100));
    rt::TaskGroup readers;
    readers.spawn(read_for(seconds(20)));
    const Instant begun = rt::Loop::current().now();
    co_await until_indexed(options.batch_max);
    const Instant first = rt::Loop::current().now();
    co_await until_indexed(options.batch_max + 3);
    const std::chrono::microseconds first_took = first - begun - options.quiet - options.others_time_min;
    EXPECT_GT(first_took, milliseconds(0));
    EXPECT_GT(rt::Loop::current().now() - first, options.others_share * first_took / 2);
    EXPECT_LT(rt::Loop::current().now() - begun, seconds(10));
    co_await readers.join();
  });
}

TEST_F(IndexerInTime, WhatReadersMadeIsFoundUntilItIsWritten) {
  with_indexer([this]() -> rt::Task<void> {
    std::vector<MessageId> ids = co_await deliver(2);
    host_.disk().set_sync_failures(100);
    std::vector<Summarized> made;
    made.push_back(summarize(ids[1], "Subject: made by a reader\r\n\r\n", {}, {}));
    indexer_->keep(std::move(made));
    for (int wait = 0; wait < 2; ++wait) {  // before it was tried, and when it could not be written
      std::vector<Summarized> found = indexer_->find_kept(ids, true);
      EXPECT_EQ(found.size(), 1u);
      if (!found.empty()) EXPECT_EQ(found[0].summary.base_subject, "MADE BY A READER");
      co_await rt::sleep_for(seconds(1));
    }
    host_.disk().set_sync_failures(0);
    co_await rt::sleep_for(seconds(15));
    EXPECT_TRUE(indexer_->find_kept(ids, true).empty());
    EXPECT_EQ(indexed(), 2u);
  });
}

TEST_F(IndexerInTime, KeepsWhatReadersMadeOnce) {
  with_indexer([this]() -> rt::Task<void> {
    std::vector<MessageId> ids = co_await deliver(2);
    std::vector<Summarized> made;
    for (int twice = 0; twice < 2; ++twice) {
      made.push_back(summarize(ids[0], "Subject: made by a reader\r\n\r\n", {}, {}));
    }
    indexer_->keep(std::move(made));
    co_await rt::sleep_for(seconds(1));
    EXPECT_EQ(indexed(), 2u);
    auto query = [&](store::Database& db) {
      std::vector<std::string> subjects;
      for (const store::Summary& summary : store::find_summaries(db, ids, {.subject = true}))
        subjects.push_back(summary.base_subject);
      return subjects;
    };
    std::vector<std::string> subjects = co_await test::read(*store_, query);
    std::ranges::sort(subjects);
    EXPECT_EQ(subjects, (std::vector<std::string>{"MADE BY A READER", "TEST"}));
  });
}

TEST(SummarizeHeads, TakesWhatIsWholeAndNeedsNoCharset) {
  const std::string plain = "Subject: plain\r\n\r\nbody";
  const std::string cut = "Subject: its head goes on beyond what was read\r\n";
  const std::string raw = "Subject: \xB0\xA1\r\n\r\n";                 // a part says the charset
  const std::string escapes = "Subject: \x1B$B$\"\x1B(B\r\n\r\nbody";  // the same in seven bits
  std::vector<store::MessageBytes> read;
  for (const std::string& bytes : {plain, cut, raw, escapes}) {
    store::MessageBytes one;
    one.id = MessageId{static_cast<int64_t>(read.size()) + 1};
    one.bytes = bytes;
    one.size_octets = bytes.size() + (bytes == cut ? 100'000 : 0);
    read.push_back(std::move(one));
  }
  SummarizedHeads heads = summarize_heads(read, std::make_shared<std::atomic<bool>>(false));
  ASSERT_EQ(heads.made.size(), 1u);
  EXPECT_EQ(heads.made[0].summary.base_subject, "PLAIN");
  EXPECT_TRUE(heads.made[0].head_only);
  EXPECT_EQ(heads.others, (std::vector<MessageId>{{2}, {3}, {4}}));
}

TEST_F(IndexerInTime, TriesAgainWhenTheStoreCouldNot) {
  with_indexer([this]() -> rt::Task<void> {
    co_await deliver(3);
    host_.disk().set_sync_failures(100);
    co_await rt::sleep_for(seconds(5));
    EXPECT_EQ(indexed(), 0u);
    EXPECT_TRUE(host_.log().contains("indexer.failed"));
    host_.disk().set_sync_failures(0);
    co_await rt::sleep_for(seconds(15));
    EXPECT_EQ(indexed(), 3u);
    size_t left = co_await left_over();
    EXPECT_EQ(left, 0u);
  });
}

}  // namespace
}  // namespace pabal::reading

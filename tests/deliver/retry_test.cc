// Delays: the schedule, the notice, failure in the end, restarts, the operator.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "queue/operate.h"
#include "rig.h"
#include "support/store_work.h"

namespace pabal::deliver {
namespace {

using testing::HasSubstr;

rt::Task<void> greylisted(Rig& rig) {
  MessageId id = co_await rig.accept({});
  co_await rt::sleep_for(std::chrono::minutes(4));
  std::vector<queue::Entry> waiting = co_await rig.entries();
  EXPECT_EQ(waiting.size(), 1u);
  EXPECT_EQ(waiting.at(0).attempts, 1);
  EXPECT_EQ(waiting.at(0).last_status, "4.7.1");
  EXPECT_EQ(waiting.at(0).last_reason, "450 4.7.1 come back later");
  EXPECT_EQ(waiting.at(0).last_mta, "mx.busan.test");
  EXPECT_TRUE(co_await rig.until_empty(std::chrono::minutes(2)));
  EXPECT_EQ(co_await rig.fact(id, "relayed", "status"), "2.0.0");
  EXPECT_TRUE((co_await rig.inbox()).empty());
}

TEST(Retry, GreylistingCostsFiveMinutes) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  bool seen = false;
  busan.answer = [&](const std::string& line) {
    return line.starts_with("RCPT") && !std::exchange(seen, true) ? "450 4.7.1 come back later" : "";
  };
  rig.run(greylisted);
  EXPECT_EQ(busan.mails.size(), 1u);
}

rt::Task<void> five_days(Rig& rig) {
  Time accepted = rig.world.clock.now();
  MessageId id = co_await rig.accept({});
  co_await rt::sleep_for(std::chrono::hours(4) - std::chrono::minutes(1));
  EXPECT_TRUE((co_await rig.reports()).empty());
  co_await rt::sleep_for(std::chrono::hours(1));
  std::vector<proto::dsn::ParsedReport> reports = co_await rig.reports();
  EXPECT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports.at(0).recipients.at(0).action, "delayed");
  EXPECT_FALSE(reports.at(0).recipients.at(0).will_retry_until.empty());
  co_await rt::sleep_for(std::chrono::hours(114));
  EXPECT_EQ((co_await rig.reports()).size(), 1u);
  EXPECT_EQ((co_await rig.entries()).size(), 1u);

  EXPECT_TRUE(co_await rig.until_empty(std::chrono::hours(3)));
  EXPECT_LT(rig.world.clock.now() - accepted, std::chrono::hours(5 * 24) + std::chrono::minutes(2));
  reports = co_await rig.reports();
  EXPECT_EQ(reports.size(), 2u);
  EXPECT_EQ(reports.back().recipients.at(0).action, "failed");
  EXPECT_EQ(reports.back().recipients.at(0).status, "5.4.7");
  EXPECT_THAT(co_await rig.fact(id, "failed", "reason"), HasSubstr("within 5d"));
}

TEST(Retry, FailsAfterFiveDaysAndTellsOnceOfTheDelay) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  // The host exists, nobody listens there.
  rig.sim.resolver().add("mx.busan.test. A 192.0.2.2");
  rig.sim.host("mx.busan.test", {"192.0.2.2"});
  rig.run(five_days);
}

rt::Task<void> damaged_meanwhile(Rig& rig) {
  co_await rig.accept({});
  co_await rt::sleep_for(std::chrono::minutes(2));
  co_await rig.accept({});
  co_await rt::sleep_for(std::chrono::minutes(1));
  auto finds_damage = [](store::Database&) -> int { throw store::StoreError("a page is torn", false, true); };
  try {
    (void)co_await rig.server->store->read(finds_damage);
  } catch (const store::StoreError&) {
  }
  co_await rt::sleep_for(std::chrono::hours(1));
  EXPECT_EQ((co_await rig.entries()).size(), 2u);
}

// Its outcome could not be kept: the mail would be sent again after each start.
TEST(Retry, NothingIsAttemptedOnceTheStoreIsKnownToBeDamaged) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  size_t seen = 0;
  busan.answer = [&](const std::string& line) {
    return line.starts_with("RCPT") && ++seen <= 2 ? "450 4.7.1 come back later" : "";
  };
  rig.run(damaged_meanwhile);
  EXPECT_EQ(busan.mails.size(), 1u) << "the one by which the deliverer has learnt of it";
}

rt::Task<void> restart(Rig& rig) {
  co_await rig.accept({});
  co_await rt::sleep_for(std::chrono::minutes(1));
  co_await rig.stop_server();
  co_await rt::sleep_for(std::chrono::minutes(1));
  rig.start_server();
  std::vector<queue::Entry> waiting = co_await rig.entries();
  EXPECT_EQ(waiting.at(0).attempts, 1);
  EXPECT_TRUE(co_await rig.until_empty(std::chrono::minutes(10)));
}

TEST(Retry, GoesOnAfterARestart) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  bool seen = false;
  busan.answer = [&](const std::string& line) {
    return line.starts_with("MAIL") && !std::exchange(seen, true) ? "451 4.3.0 not now" : "";
  };
  rig.run(restart);
  EXPECT_EQ(busan.mails.size(), 1u);
}

rt::Task<void> partly_accepted(Rig& rig) {
  Letter letter;
  letter.to = {"bob@busan.test", "carol@busan.test", "nobody@busan.test"};
  co_await rig.accept(letter);
  co_await rt::sleep_for(std::chrono::minutes(1));
  std::vector<queue::Entry> waiting = co_await rig.entries();
  EXPECT_EQ(waiting.size(), 1u);
  EXPECT_EQ(waiting.at(0).forward_path.local, "carol");
  EXPECT_TRUE(co_await rig.until_empty());
  std::vector<proto::dsn::ParsedReport> reports = co_await rig.reports();
  EXPECT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports.at(0).recipients.size(), 1u);
  EXPECT_THAT(reports.at(0).recipients.at(0).final_recipient, HasSubstr("nobody@busan.test"));
}

TEST(Retry, EachRecipientHasItsOwnEnd) {
  for (bool pipelining : {true, false}) {
    Rig rig;
    rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
    Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
    if (!pipelining) busan.offers = {};
    bool seen = false;
    busan.answer = [&](const std::string& line) -> std::string {
      if (line.starts_with("RCPT TO:<carol") && !std::exchange(seen, true)) return "452 4.2.2 full";
      if (line.starts_with("RCPT TO:<nobody")) return "550 5.1.1 who?";
      return "";
    };
    rig.run(partly_accepted);
    ASSERT_EQ(busan.mails.size(), 2u);
    EXPECT_EQ(busan.mails[0].rcpts.size(), 1u);
    EXPECT_EQ(busan.mails[1].rcpts.size(), 1u);
  }
}

rt::Task<void> change(Rig& rig, std::function<size_t(store::Transaction&)> verb, size_t expected) {
  size_t changed = 0;
  co_await test::write(*rig.server->store, [&](store::Transaction& tx) { changed = verb(tx); });
  EXPECT_EQ(changed, expected);
  rig.server->queue.notify();
}

rt::Task<void> operated(Rig& rig) {
  MessageId id = co_await rig.accept({});
  co_await rt::sleep_for(std::chrono::minutes(1));
  queue::Selection all;
  co_await change(rig, [&](store::Transaction& tx) { return queue::hold(tx, all); }, 1);
  co_await change(rig, [&](store::Transaction& tx) { return queue::hold(tx, all); }, 0);
  co_await rt::sleep_for(std::chrono::hours(2));
  EXPECT_EQ((co_await rig.entries()).at(0).state, queue::State::held);
  co_await change(rig, [&](store::Transaction& tx) { return queue::retry(tx, all); }, 0);
  co_await change(rig, [&](store::Transaction& tx) { return queue::unhold(tx, all); }, 1);
  co_await rt::sleep_for(std::chrono::seconds(30));
  EXPECT_EQ((co_await rig.entries()).at(0).attempts, 2);
  co_await change(rig, [&](store::Transaction& tx) { return queue::retry(tx, all); }, 1);
  co_await rt::sleep_for(std::chrono::seconds(30));
  EXPECT_EQ((co_await rig.entries()).at(0).attempts, 3);
  queue::Selection other;
  other.destination = "daegu.test";
  co_await change(rig, [&](store::Transaction& tx) { return queue::drop(tx, other); }, 0);
  queue::Selection same;
  same.message = id;
  same.destination = "BUSAN.test";
  auto listing = [&](store::Database& db) { return queue::list(db, same, 10); };
  std::vector<queue::Listed> listed = co_await test::read(*rig.server->store, listing);
  EXPECT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed.at(0).reverse_path, "alice@seoul.test");
  co_await change(rig, [&](store::Transaction& tx) { return queue::drop(tx, same); }, 1);
  EXPECT_TRUE((co_await rig.entries()).empty());
  EXPECT_EQ(co_await rig.fact(id, "dropped", "by"), "operator");
  EXPECT_TRUE((co_await rig.inbox()).empty());
}

TEST(Retry, OperatorHoldsReleasesRetriesAndDrops) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  busan.answer = [](const std::string& line) { return line.starts_with("MAIL") ? "450 4.2.0 no" : ""; };
  rig.run(operated);
}

rt::Task<void> dropped_meanwhile(Rig& rig) {
  MessageId id = co_await rig.accept({});
  co_await rt::sleep_for(std::chrono::seconds(2));
  EXPECT_EQ(rig.server->queue.claimed(), 1u);
  queue::Selection all;
  co_await change(rig, [&](store::Transaction& tx) { return queue::drop(tx, all); }, 1);
  EXPECT_TRUE(co_await rig.until([&] { return rig.server->queue.claimed() == 0; }));
  EXPECT_EQ(co_await rig.fact(id, "failed", "note"), "the operator had dropped it meanwhile");
  EXPECT_TRUE((co_await rig.inbox()).empty());
}

TEST(Retry, NobodyIsToldOfAnEntryDroppedDuringItsAttempt) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  rig.sim.resolver().set_latency(std::chrono::seconds(5));
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  busan.answer = [](const std::string& line) { return line.starts_with("MAIL") ? "550 5.7.1 no" : ""; };
  rig.run(dropped_meanwhile);
}

rt::Task<void> dead_destination(Rig& rig) {
  for (int i = 0; i < 20; ++i) co_await rig.accept({});
  co_await rt::sleep_for(std::chrono::minutes(2));
  std::vector<queue::Entry> waiting = co_await rig.entries();
  EXPECT_EQ(waiting.size(), 20u);
  for (const queue::Entry& entry : waiting) EXPECT_EQ(entry.attempts, 1);
  EXPECT_LE(rig.server->deliverer.counters().connections_failed, 5u);
}

TEST(Retry, MailForADeadDestinationDoesNotTryOneByOne) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  rig.sim.resolver().add("mx.busan.test. A 192.0.2.2");
  rig.sim.network().black_hole(*io::Endpoint::parse("192.0.2.2:25"));
  rig.run(dead_destination);
}

}  // namespace
}  // namespace pabal::deliver

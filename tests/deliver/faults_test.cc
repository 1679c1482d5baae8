// Delivery while the world breaks: every I/O operation fails once. What was
// accepted still ends in the other server and in a report, and comes twice only
// where an acknowledgement was lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rig.h"

namespace pabal::deliver {
namespace {

using testing::HasSubstr;

rt::Task<void> one_of_two_refused(Rig& rig) {
  rig.sim.faults().fail_at(rig.number);
  Letter letter;
  letter.to = {"bob@busan.test", "nobody@busan.test"};
  bool accepted = false;
  while (!accepted) {
    try {
      co_await rig.accept(letter);
      accepted = true;
    } catch (const std::exception&) {
      // The client was told so, and sends it again.
    }
  }
  // The queue is looked at only when all faults are over.
  co_await rt::sleep_for(std::chrono::minutes(40));
  rig.sim.faults().clear();
  EXPECT_TRUE(co_await rig.until_empty());
  std::vector<proto::dsn::ParsedReport> reports = co_await rig.reports();
  EXPECT_EQ(reports.size(), 1u);
  // It says which mail it is about, also if reading that failed at first.
  std::vector<std::string> mails = co_await rig.inbox();
  EXPECT_THAT(mails, testing::ElementsAre(HasSubstr("Subject: hello")));
  for (const proto::dsn::ParsedReport& report : reports) {
    EXPECT_EQ(report.recipients.size(), 1u);
    EXPECT_THAT(report.recipients.at(0).final_recipient, HasSubstr("nobody@busan.test"));
  }
}

TEST(DeliverFaults, EveryOperationMayFailOnce) {
  bool fired = true;
  for (uint64_t n = 0; fired; ++n) {
    Rig rig;
    rig.number = n;
    rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
    Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
    size_t dots = 0;
    busan.answer = [&](const std::string& line) {
      if (line == ".") ++dots;
      return line.starts_with("RCPT TO:<nobody") ? "550 5.1.1 who?" : "";
    };
    rig.run(one_of_two_refused);
    fired = rig.sim.faults().fired();
    SCOPED_TRACE("operation " + std::to_string(n) + ": " + rig.sim.faults().fired_operation());
    EXPECT_GE(busan.mails.size(), 1u);
    EXPECT_LE(busan.mails.size(), 2u);
    if (testing::Test::HasFailure()) break;
  }
}

// The other server has taken the mail, the disk does not sync: that cannot be written
// down before the server is to stop. It holds on until its deadline and not for
// the rest of its pause.
rt::Task<void> stopped_with_a_failing_disk(Rig& rig) {
  co_await rig.accept({});
  co_await rt::sleep_for(std::chrono::seconds(200 + rig.number));
  EXPECT_FALSE((co_await rig.entries()).empty());
  Instant begin = rt::Loop::current().now();
  co_await rig.stop_server();
  EXPECT_LE(rt::Loop::current().now() - begin, std::chrono::seconds(31));
  rig.sim.host("us").disk().set_sync_failures(0);
  rig.start_server();
  EXPECT_TRUE(co_await rig.until_empty());
}

TEST(DeliverFaults, AFailingDiskDoesNotHoldUpTheEnd) {
  for (uint64_t n = 0; n < 30; n += 5) {
    SCOPED_TRACE(n);
    Rig rig;
    rig.number = n;
    rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
    Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
    busan.on_mail = [&](const PeerMail&) {
      if (busan.mails.size() == 1) rig.sim.host("us").disk().set_sync_failures(100);
    };
    rig.run(stopped_with_a_failing_disk);
    // Once more after the start, unless what could not be synced is still in the log.
    EXPECT_GE(busan.mails.size(), 1u);
    EXPECT_LE(busan.mails.size(), 2u);
  }
}

}  // namespace
}  // namespace pabal::deliver

// Mail to other servers: transactions, extensions, connections.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rig.h"
#include "support/store_work.h"

namespace pabal::deliver {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

rt::Task<void> one_mail(Rig& rig) {
  Letter letter;
  letter.text = "Subject: dots\r\n\r\n.hidden\r\n..\r\n";
  MessageId id = co_await rig.accept(letter);
  EXPECT_TRUE(co_await rig.until_empty());
  std::string dialogue = co_await rig.fact(id, "attempt", "dialogue");
  EXPECT_THAT(dialogue, HasSubstr("> MAIL FROM:<alice@seoul.test> SIZE="));
  EXPECT_THAT(dialogue, HasSubstr("< 354 go on ("));
  EXPECT_THAT(dialogue, Not(HasSubstr("hidden")));
  EXPECT_EQ(co_await rig.fact(id, "attempt", "mx busan.test"), "10 mx.busan.test");
  EXPECT_EQ(co_await rig.fact(id, "relayed", "by"), "mx.busan.test");
  // Nothing refers to the message any more, so it is gone.
  auto query = [id](store::Database& db) { return store::find_message(db, id).has_value(); };
  bool there = co_await test::read(*rig.server->store, query);
  EXPECT_FALSE(there);
}

TEST(Relay, CarriesTheMailByteForByteWithoutReturnPath) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  rig.run(one_mail);
  ASSERT_EQ(busan.mails.size(), 1u);
  EXPECT_THAT(busan.mails[0].text, StartsWith("Received: from client.test ([192.0.2.77])"));
  EXPECT_THAT(busan.mails[0].text, testing::EndsWith("Subject: dots\r\n\r\n.hidden\r\n..\r\n"));
  EXPECT_THAT(busan.mails[0].rcpts, ElementsAre("RCPT TO:<bob@busan.test>"));
}

rt::Task<void> three_mails_apart(Rig& rig) {
  for (int i = 0; i < 3; ++i) {
    co_await rig.accept({});
    EXPECT_TRUE(co_await rig.until_empty());
    co_await rt::sleep_for(std::chrono::seconds(5));
  }
  co_await rt::sleep_for(std::chrono::seconds(60));
}

TEST(Relay, KeepsTheConnectionForTheNextMailThenSaysQuit) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  rig.run(three_mails_apart);
  EXPECT_EQ(busan.mails.size(), 3u);
  EXPECT_EQ(busan.connections, 1u);
  EXPECT_EQ(busan.count("QUIT"), 1u);
}

TEST(Relay, OpensAnotherConnectionAfterSoManyMails) {
  Rig rig;
  rig.options.deliver.mails_per_connection = 2;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  rig.run(three_mails_apart);
  EXPECT_EQ(busan.mails.size(), 3u);
  EXPECT_EQ(busan.connections, 2u);
}

TEST(Relay, ServerMayHaveEnoughOfAConnection) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  size_t mails = 0;
  busan.answer = [&](const std::string& line) {
    return line.starts_with("MAIL") && ++mails == 2 ? "421 4.3.2 enough" : "";
  };
  rig.run(three_mails_apart);
  EXPECT_EQ(busan.mails.size(), 3u);
  EXPECT_EQ(busan.connections, 2u);
}

rt::Task<void> many_mails(Rig& rig) {
  for (int i = 0; i < 30; ++i) co_await rig.accept({});
  EXPECT_TRUE(co_await rig.until_empty());
}

TEST(Relay, LimitsConnectionsToOneDestination) {
  Rig rig;
  rig.options.deliver.per_destination_start = 2;
  rig.options.deliver.per_destination_max = 4;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  size_t most = 0;
  busan.answer = [&](const std::string&) {
    most = std::max(most, busan.open_now);
    return "";
  };
  rig.run(many_mails);
  EXPECT_EQ(busan.mails.size(), 30u);
  EXPECT_LE(most, 4u);
}

// The simulated loop would find that time stands still if a deliverer with full
// hands kept asking for more.
TEST(Relay, OneRecipientInHandAtATime) {
  Rig rig;
  rig.options.deliver.claimed_max = 1;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  rig.run(many_mails);
  EXPECT_EQ(busan.mails.size(), 30u);
}

rt::Task<void> three_recipients(Rig& rig) {
  Letter letter;
  letter.to = {"bob@busan.test", "carol@busan.test", "dan@busan.test"};
  co_await rig.accept(letter);
  EXPECT_TRUE(co_await rig.until_empty());
}

TEST(Relay, RecipientsOfOneMailShareATransaction) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  rig.run(three_recipients);
  ASSERT_EQ(busan.mails.size(), 1u);
  EXPECT_EQ(busan.mails[0].rcpts.size(), 3u);
}

TEST(Relay, SplitsWhenLimitsSaySo) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  busan.offers = {"LIMITS RCPTMAX=2"};
  rig.run(three_recipients);
  EXPECT_EQ(busan.mails.size(), 2u);
  EXPECT_EQ(busan.connections, 1u);
}

TEST(Relay, SplitsWhenTheServerHasTooManyRecipients) {
  // RFC 5321 §4.5.3.1.10: 552 is what RFC 821 had for it.
  for (const char* reply : {"452 4.5.3 too many recipients", "452 too many", "552 too many",
                            "552 5.5.3 too many", "550 5.5.3 too many"}) {
    for (bool pipelining : {true, false}) {
      Rig rig;
      rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
      Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
      if (!pipelining) busan.offers = {};
      size_t rcpts = 0;
      busan.answer = [&](const std::string& line) {
        if (line.starts_with("MAIL")) rcpts = 0;
        return line.starts_with("RCPT") && ++rcpts > 1 ? reply : "";
      };
      rig.run(three_recipients);
      EXPECT_EQ(busan.mails.size(), 3u) << reply;
      EXPECT_EQ(busan.connections, 1u) << reply;
    }
  }
}

rt::Task<void> second_fails(Rig& rig) {
  Letter letter;
  letter.to = {"bob@busan.test", "carol@busan.test"};
  MessageId id = co_await rig.accept(letter);
  EXPECT_TRUE(co_await rig.until_empty());
  EXPECT_EQ(co_await rig.fact(id, "relayed", "to"), "bob@busan.test");
  rig.result = co_await rig.fact(id, "failed", "reply");
}

// A full mailbox is no surplus of recipients.
TEST(Relay, OtherMeaningsOf552AreFinal) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  busan.answer = [](const std::string& line) {
    return line.starts_with("RCPT TO:<carol") ? "552 5.2.2 mailbox is full" : "";
  };
  rig.run(second_fails);
  EXPECT_EQ(rig.result, "552 5.2.2 mailbox is full");
}

rt::Task<void> waits(Rig& rig) {
  co_await rig.accept({});
  co_await rt::sleep_for(std::chrono::minutes(1));
  std::vector<queue::Entry> entries = co_await rig.entries();
  rig.result = entries.at(0).last_reason;
}

TEST(Relay, ReadsOddReplies) {
  Rig long_winded;
  long_winded.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  Peer& busan = long_winded.peer("mx.busan.test", "192.0.2.2");
  busan.answer = [](const std::string& line) {
    std::string reply;
    if (line == "(greeting)") {
      for (int i = 0; i < 300; ++i) reply += "220-notice " + std::to_string(i) + "\r\n";
      return reply + "220 mx.busan.test";
    }
    return line.starts_with("RCPT") ? std::string("250ok") : "";
  };
  long_winded.run(three_recipients);
  EXPECT_EQ(busan.mails.size(), 1u);

  Rig unwilling;
  unwilling.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  unwilling.peer("mx.busan.test", "192.0.2.2").answer = [](const std::string& line) {
    return line == "(greeting)" ? "220-mx.busan.test\r\n521 takes no mail, see http://busan.test/" : "";
  };
  unwilling.run(waits);
  EXPECT_THAT(unwilling.result, HasSubstr("521 mx.busan.test takes no mail, see http://busan.test/"));
}

rt::Task<void> odd_addresses(Rig& rig) {
  Letter letter;
  letter.from = "taro..@docomo.test";
  letter.to = {"a..b@busan.test", "c@busan.test.", "SRS0=" + std::string(300, 'x') + "@busan.test"};
  co_await rig.accept(letter);
  EXPECT_TRUE(co_await rig.until_empty());
}

// RFC 5321 §4.1.2: what is no Dot-string goes out quoted, however it came in.
TEST(Relay, WritesAddressesAsTheyMustBe) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  busan.offers = {"PIPELINING"};
  rig.run(odd_addresses);
  ASSERT_EQ(busan.mails.size(), 1u);
  EXPECT_EQ(busan.mails[0].mail, "MAIL FROM:<\"taro..\"@docomo.test>");
  EXPECT_THAT(busan.mails[0].rcpts,
              testing::ElementsAre("RCPT TO:<\"a..b\"@busan.test>", "RCPT TO:<c@busan.test>",
                                   "RCPT TO:<SRS0=" + std::string(300, 'x') + "@busan.test>"));
}

TEST(Relay, SaysHeloToServersThatDoNotKnowEhlo) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  busan.knows_ehlo = false;
  rig.run(three_recipients);
  ASSERT_EQ(busan.mails.size(), 1u);
  EXPECT_EQ(busan.mails[0].mail, "MAIL FROM:<alice@seoul.test>");
  EXPECT_EQ(busan.count("HELO mx.seoul.test"), 1u);
}

rt::Task<void> eight_bit_mail(Rig& rig) {
  Letter letter;
  letter.body = proto::smtp::Body::eight_bit_mime;
  letter.text =
      "Subject: hi\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: 8bit\r\n\r\n안녕 밥\r\n";
  co_await rig.accept(letter);
  EXPECT_TRUE(co_await rig.until_empty());
}

TEST(Relay, EightBitMailGoesAsItIsWhereItMay) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  rig.run(eight_bit_mail);
  ASSERT_EQ(busan.mails.size(), 1u);
  EXPECT_THAT(busan.mails[0].mail, HasSubstr(" BODY=8BITMIME"));
  EXPECT_THAT(busan.mails[0].text, HasSubstr("안녕 밥\r\n"));
}

TEST(Relay, EightBitMailIsConvertedForSevenBitServers) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  busan.offers = {"PIPELINING"};
  rig.run(eight_bit_mail);
  ASSERT_EQ(busan.mails.size(), 1u);
  EXPECT_THAT(busan.mails[0].mail, Not(HasSubstr("BODY")));
  for (char c : busan.mails[0].text) ASSERT_GE(c, 0);
  EXPECT_THAT(busan.mails[0].text, Not(HasSubstr("Content-Transfer-Encoding: 8bit")));
}

rt::Task<void> stuck_in_the_middle(Rig& rig) {
  MessageId id = co_await rig.accept({});
  EXPECT_TRUE(co_await rig.until_empty());
  EXPECT_THAT(co_await rig.fact(id, "delayed", "reason"), HasSubstr("closed the connection"));
}

TEST(Relay, LossBeforeTheTextIsTriedAgainLater) {
  for (const char* at : {"EHLO", "MAIL", "RCPT", "DATA"}) {
    Rig rig;
    rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
    Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
    busan.offers = {};
    bool dropped = false;
    busan.answer = [&](const std::string& line) {
      return line.starts_with(at) && !std::exchange(dropped, true) ? "drop" : "";
    };
    rig.run(stuck_in_the_middle);
    EXPECT_EQ(busan.mails.size(), 1u) << at;
  }
}

rt::Task<void> lost_after_dot(Rig& rig) {
  MessageId id = co_await rig.accept({});
  EXPECT_TRUE(co_await rig.until_empty());
  EXPECT_THAT(co_await rig.fact(id, "delayed", "reason"), HasSubstr("may arrive twice"));
}

TEST(Relay, LossAfterTheTextDoesNotGoToTheNextHostAtOnce) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  rig.sim.resolver().add("busan.test. MX 20 mx2.busan.test.");
  Peer& first = rig.peer("mx.busan.test", "192.0.2.2");
  Peer& second = rig.peer("mx2.busan.test", "192.0.2.3");
  bool dropped = false;
  first.answer = [&](const std::string& line) {
    return line == "." && !std::exchange(dropped, true) ? "drop" : "";
  };
  rig.run(lost_after_dot);
  EXPECT_EQ(first.mails.size(), 1u);
  EXPECT_EQ(second.connections, 0u);
}

rt::Task<void> asks_for_reports(Rig& rig) {
  Letter letter;
  letter.notify.success = true;
  letter.notify.failure = true;
  letter.ret = proto::smtp::Ret::headers;
  letter.envid = "QQ+314";
  letter.orcpt = "bob@busan.test";
  co_await rig.accept(letter);
  EXPECT_TRUE(co_await rig.until_empty());
  EXPECT_TRUE((co_await rig.reports()).empty());
}

TEST(Relay, HandsDsnParametersOn) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  busan.offers = {"DSN"};
  rig.run(asks_for_reports);
  ASSERT_EQ(busan.mails.size(), 1u);
  EXPECT_EQ(busan.mails[0].mail, "MAIL FROM:<alice@seoul.test> RET=HDRS ENVID=QQ+2B314");
  EXPECT_THAT(busan.mails[0].rcpts,
              ElementsAre("RCPT TO:<bob@busan.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;bob@busan.test"));
}

rt::Task<void> stop_in_the_middle(Rig& rig) {
  co_await rig.accept({});
  co_await rt::sleep_for(std::chrono::seconds(2));
  // The rig stops the server while the peer keeps it waiting.
}

TEST(Relay, DrainCutsWhatDoesNotEnd) {
  for (const char* at : {"(greeting)", "MAIL", "."}) {
    Rig rig;
    rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
    Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
    busan.answer = [=](const std::string& line) { return line.starts_with(at) ? "silent" : ""; };
    rig.run(stop_in_the_middle);
    EXPECT_EQ(busan.connections, 1u);
    // The greeting, sign-off and all took seconds, not the peer's minutes.
    EXPECT_LT(rig.world.clock.now() - sim::SimWorld::kStart, std::chrono::minutes(1));
  }
}

rt::Task<void> silent_server(Rig& rig) {
  MessageId id = co_await rig.accept({});
  co_await rt::sleep_for(std::chrono::minutes(4));
  EXPECT_EQ(rig.server->queue.claimed(), 1u);
  co_await rt::sleep_for(std::chrono::minutes(2));
  EXPECT_EQ(rig.server->queue.claimed(), 0u);
  EXPECT_THAT(co_await rig.fact(id, "delayed", "reason"), HasSubstr("time limit"));
}

TEST(Relay, SilentServerIsGivenUpAfterFiveMinutes) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  busan.offers = {};
  busan.answer = [](const std::string& line) { return line.starts_with("MAIL") ? "silent" : ""; };
  rig.run(silent_server);
}

rt::Task<void> out_of_step(Rig& rig) {
  co_await rig.accept({});
  co_await rt::sleep_for(std::chrono::minutes(4));
  EXPECT_EQ((co_await rig.entries()).size(), 1u);
  EXPECT_EQ(rig.server->deliverer.counters().relayed, 0u);
}

TEST(Relay, RepliesOutOfStepAreNoSuccess) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  busan.answer = [](const std::string& line) { return line.starts_with("MAIL") ? "silent" : ""; };
  rig.run(out_of_step);
}

}  // namespace
}  // namespace pabal::deliver

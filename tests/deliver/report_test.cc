// What the sender is told (RFC 3461, RFC 3464).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rig.h"

namespace pabal::deliver {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string refuse_everybody(const std::string& line) {
  return line.starts_with("RCPT") ? "550 5.1.1 no such user" : "";
}

rt::Task<void> refused(Rig& rig) {
  Letter letter;
  letter.to = {"bob@busan.test", "carol@busan.test"};
  letter.envid = "order-7";
  letter.orcpt = "robert@daejeon.test";
  MessageId id = co_await rig.accept(letter);
  EXPECT_TRUE(co_await rig.until_empty());
  std::vector<proto::dsn::ParsedReport> reports = co_await rig.reports();
  EXPECT_EQ(reports.size(), 1u);
  const proto::dsn::ParsedReport& report = reports.at(0);
  EXPECT_THAT(report.reporting_mta, HasSubstr("mx.seoul.test"));
  EXPECT_EQ(report.original_envelope_id, "order-7");
  EXPECT_EQ(report.recipients.size(), 2u);
  const proto::dsn::ParsedRecipient& bob = report.recipients.at(0);
  EXPECT_EQ(bob.action, "failed");
  EXPECT_EQ(bob.status, "5.1.1");
  EXPECT_THAT(bob.final_recipient, HasSubstr("bob@busan.test"));
  EXPECT_THAT(bob.original_recipient, HasSubstr("robert@daejeon.test"));
  EXPECT_THAT(bob.remote_mta, HasSubstr("mx.busan.test"));
  EXPECT_THAT(bob.diagnostic_code, HasSubstr("550 5.1.1 no such user"));
  std::vector<std::string> mails = co_await rig.inbox();
  EXPECT_THAT(mails.at(0), testing::StartsWith("Return-Path: <>\r\n"));
  EXPECT_THAT(mails.at(0), HasSubstr("How are you?"));
  EXPECT_FALSE((co_await rig.fact(id, "dsn", "id")).empty());
}

TEST(Report, OneForAllThatFailedInAnAttempt) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  rig.peer("mx.busan.test", "192.0.2.2").answer = refuse_everybody;
  rig.run(refused);
}

rt::Task<void> null_reverse_path(Rig& rig) {
  Letter letter;
  letter.from = "";
  MessageId id = co_await rig.accept(letter);
  EXPECT_TRUE(co_await rig.until_empty());
  EXPECT_EQ(co_await rig.fact(id, "failed", "status"), "5.1.1");
  EXPECT_TRUE((co_await rig.inbox()).empty());
  EXPECT_EQ(rig.server->deliverer.counters().reports, 0u);
}

TEST(Report, NeverForANullReversePath) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  rig.peer("mx.busan.test", "192.0.2.2").answer = refuse_everybody;
  rig.run(null_reverse_path);
}

rt::Task<void> notify_never(Rig& rig) {
  Letter letter;
  letter.notify.never = true;
  co_await rig.accept(letter);
  letter.notify = {};
  letter.notify.success = true;
  co_await rig.accept(letter);
  EXPECT_TRUE(co_await rig.until_empty());
  EXPECT_TRUE((co_await rig.inbox()).empty());
}

TEST(Report, NotOfFailuresThatNobodyAskedFor) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  rig.peer("mx.busan.test", "192.0.2.2").answer = refuse_everybody;
  rig.run(notify_never);
}

rt::Task<void> success_asked(Rig& rig) {
  Letter letter;
  letter.notify.success = true;
  co_await rig.accept(letter);
  EXPECT_TRUE(co_await rig.until_empty());
  std::vector<proto::dsn::ParsedReport> reports = co_await rig.reports();
  EXPECT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports.at(0).recipients.at(0).action, "relayed");
  std::vector<std::string> mails = co_await rig.inbox();
  EXPECT_THAT(mails.at(0), Not(HasSubstr("How are you?")));
}

TEST(Report, RelayedWhenTheNextServerKnowsNoDsn) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  rig.peer("mx.busan.test", "192.0.2.2");
  rig.run(success_asked);
}

rt::Task<void> report_to_elsewhere(Rig& rig) {
  Letter letter;
  letter.from = "eve@daegu.test";
  co_await rig.accept(letter);
  EXPECT_TRUE(co_await rig.until_empty());
}

TEST(Report, GoesThroughTheQueueToSendersElsewhere) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  rig.sim.resolver().add("daegu.test. MX 10 mx.daegu.test.");
  rig.peer("mx.busan.test", "192.0.2.2").answer = refuse_everybody;
  Peer& daegu = rig.peer("mx.daegu.test", "192.0.2.3");
  rig.run(report_to_elsewhere);
  ASSERT_EQ(daegu.mails.size(), 1u);
  EXPECT_THAT(daegu.mails[0].mail, testing::StartsWith("MAIL FROM:<>"));
  auto report = proto::dsn::parse(daegu.mails[0].text);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->recipients.at(0).status, "5.1.1");
}

rt::Task<void> utf8_mail(Rig& rig) {
  Letter letter;
  letter.smtputf8 = true;
  letter.body = proto::smtp::Body::eight_bit_mime;
  letter.text = "Subject: 안녕\r\n\r\nHi\r\n";
  co_await rig.accept(letter);
  EXPECT_TRUE(co_await rig.until_empty());
}

rt::Task<void> utf8_mail_fails(Rig& rig) {
  co_await utf8_mail(rig);
  std::vector<proto::dsn::ParsedReport> reports = co_await rig.reports();
  EXPECT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports.at(0).recipients.at(0).status, "5.6.7");
}

TEST(Report, InternationalisedMailFailsWithoutSmtputf8) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  rig.run(utf8_mail_fails);
  EXPECT_TRUE(busan.mails.empty());
}

TEST(Report, InternationalisedMailGoesWithSmtputf8) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  busan.offers = {"SMTPUTF8", "8BITMIME"};
  rig.run(utf8_mail);
  ASSERT_EQ(busan.mails.size(), 1u);
  EXPECT_EQ(busan.mails[0].mail, "MAIL FROM:<alice@seoul.test> BODY=8BITMIME SMTPUTF8");
}

rt::Task<void> utf8_recipients(Rig& rig) {
  Letter letter;
  letter.to = {"밥@busan.test", "bob@부산.test"};
  co_await rig.accept(letter);
  EXPECT_TRUE(co_await rig.until_empty());
  std::vector<proto::dsn::ParsedReport> reports = co_await rig.reports();
  EXPECT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports.at(0).recipients.at(0).status, "5.6.7");
}

TEST(Report, OnlyALocalPartNeedsSmtputf8) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  std::string ascii = mail::to_ascii_domain("부산.test").value();
  rig.sim.resolver().add(ascii + ". MX 10 mx.busan.test.");
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  rig.run(utf8_recipients);
  ASSERT_EQ(busan.mails.size(), 1u);
  EXPECT_THAT(busan.mails[0].rcpts, testing::ElementsAre("RCPT TO:<bob@" + ascii + ">"));
}

rt::Task<void> too_big(Rig& rig) {
  Letter letter;
  letter.text += std::string(2000, 'x') + "\r\n";
  co_await rig.accept(letter);
  EXPECT_TRUE(co_await rig.until_empty());
  std::vector<proto::dsn::ParsedReport> reports = co_await rig.reports();
  EXPECT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports.at(0).recipients.at(0).status, "5.3.4");
  // Nor may the report be as big.
  std::vector<std::string> mails = co_await rig.inbox();
  EXPECT_THAT(mails.at(0), HasSubstr("text/rfc822-headers"));
  EXPECT_LT(mails.at(0).size(), 5'000u);
}

TEST(Report, TooBigIsKnownBeforeSending) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  busan.offers = {"SIZE 1000", "8BITMIME", "CHUNKING", "BINARYMIME"};
  rig.run(too_big);
  EXPECT_EQ(busan.count("DATA"), 0u);
}

}  // namespace
}  // namespace pabal::deliver

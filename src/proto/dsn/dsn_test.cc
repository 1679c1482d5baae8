#include "proto/dsn/dsn.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "mail/message.h"

namespace pabal::proto::dsn {
namespace {

constexpr std::string_view kOriginal =
    "From: alice@seoul.test\r\nTo: bob@busan.test\r\nSubject: =?utf-8?B?7ZWc6rWt?=\r\n"
    "Message-ID: <1@seoul.test>\r\nDate: Sat, 21 Nov 2026 09:00:00 +0900\r\n\r\nHello\r\n";

Report example() {
  Report report{.reporting_mta = "mx.seoul.test",
                .envid = "QQ+1",
                .arrival = {1'795'000'000'000},
                .now = {1'795'000'600'000},
                .from = {"postmaster", "seoul.test"},
                .to = {"alice", "seoul.test"},
                .message_id = "dsn1@seoul.test",
                .boundary_token = "q7Hx"};
  report.original = kOriginal;
  report.recipients.push_back({.original_recipient = "rfc822;Bob@busan.test",
                               .final_recipient = "bob@busan.test",
                               .action = Action::failed,
                               .status = "5.1.1",
                               .remote_mta = "mx.busan.test",
                               .diagnostic_code = "550 5.1.1 no\r\nsuch user",
                               .last_attempt = Time{1'795'000'500'000}});
  return report;
}

TEST(Dsn, FailureReadsBack) {
  std::string bytes = build(example());
  EXPECT_TRUE(is_ascii(bytes));
  auto report = parse(bytes);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->reporting_mta, "mx.seoul.test");
  EXPECT_EQ(report->original_envelope_id, "QQ+1");
  ASSERT_EQ(report->recipients.size(), 1u);
  const ParsedRecipient& bob = report->recipients[0];
  EXPECT_EQ(bob.original_recipient, "rfc822;Bob@busan.test");
  EXPECT_EQ(bob.final_recipient, "bob@busan.test");
  EXPECT_EQ(bob.action, "failed");
  EXPECT_EQ(bob.status, "5.1.1");
  EXPECT_EQ(bob.remote_mta, "mx.busan.test");
  EXPECT_EQ(bob.diagnostic_code, "550 5.1.1 no  such user");
  EXPECT_EQ(bob.will_retry_until, "");
}

TEST(Dsn, IsWellFormedMime) {
  Report report = example();
  report.return_full = true;
  std::string bytes = build(report);
  for (std::string_view line : split(bytes, '\n')) {
    EXPECT_LE(line.size(), 999u);
    EXPECT_TRUE(line.empty() || line.back() == '\r');
  }
  mail::Part root = mail::parse_message(bytes);
  EXPECT_EQ(root.type.parameter("report-type"), "delivery-status");
  ASSERT_EQ(root.children.size(), 3u);
  EXPECT_EQ(mail::body_of(root.children[2], bytes), kOriginal);
  std::string text = mail::text_of(root.children[0], bytes);
  EXPECT_TRUE(text.contains("could NOT be delivered")) << text;
  EXPECT_TRUE(text.contains("There is no such mailbox"));
  EXPECT_TRUE(text.contains("\xed\x95\x9c\xea\xb5\xad")) << "the subject is decoded";
  mail::Header head = mail::parse_header(bytes);
  EXPECT_EQ(head.value("Auto-Submitted"), "auto-replied");
  EXPECT_EQ(head.value("In-Reply-To"), "<1@seoul.test>");

  report.return_full = false;
  bytes = build(report);
  root = mail::parse_message(bytes);
  EXPECT_TRUE(root.children.at(2).type.is("text", "rfc822-headers"));
  EXPECT_FALSE(mail::body_of(root.children[2], bytes).contains("Hello"));
}

TEST(Dsn, DelayAndSuccess) {
  Report report = example();
  report.recipients[0].action = Action::delayed;
  report.recipients[0].status = "4.4.1";
  report.recipients[0].will_retry_until = Time{1'795'400'000'000};
  report.recipients.push_back(
      {.final_recipient = "eve@busan.test", .action = Action::relayed, .status = "2.0.0"});
  std::string bytes = build(report);
  auto parsed = parse(bytes);
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->recipients.size(), 2u);
  EXPECT_FALSE(parsed->recipients[0].will_retry_until.empty());
  EXPECT_EQ(parsed->recipients[1].action, "relayed");
  EXPECT_TRUE(mail::parse_header(bytes).value("Subject").contains("delayed"));
  EXPECT_FALSE(bytes.contains("could NOT"));
}

TEST(Dsn, AddressesOutsideAscii) {
  Report report = example();
  report.recipients[0].final_recipient = "\xed\x95\x9c@busan.test";
  report.recipients[0].original_recipient.clear();
  std::string bytes = build(report);
  EXPECT_TRUE(is_ascii(bytes));
  EXPECT_TRUE(bytes.contains("Final-Recipient: utf-8;\\x{D55C}@busan.test"));
  report.utf8 = true;
  bytes = build(report);
  EXPECT_TRUE(bytes.contains("message/global-delivery-status"));
  EXPECT_EQ(parse(bytes)->recipients.at(0).final_recipient, "\xed\x95\x9c@busan.test");
}

TEST(Dsn, HostileOriginals) {
  Report report = example();
  report.return_full = true;
  report.original = "Subject: \xff\xfe\r\n\r\nbody\r\n";
  EXPECT_TRUE(is_ascii(build(report)));
  report.original = "Subject: x\r\n\r\n" + std::string("\0", 1) + "\r\n";
  EXPECT_FALSE(build(report).contains('\0'));
  report.original = "Subject: x\r\n\r\n--report-q7Hx--\r\n";
  std::string bytes = build(report);
  EXPECT_EQ(mail::parse_message(bytes).children.size(), 3u);
  report.original = "";
  report.recipients[0].diagnostic_code = "550 " + std::string(5000, 'x');
  EXPECT_TRUE(parse(build(report)));
}

TEST(Dsn, OrdinaryMailIsNone) {
  EXPECT_FALSE(parse(kOriginal));
  EXPECT_FALSE(parse(""));
}

}  // namespace
}  // namespace pabal::proto::dsn

#include "receive/submission.h"

#include <gtest/gtest.h>

namespace pabal::receive {
namespace {

using Texts = std::vector<std::string>;

Texts responsible(std::string_view message, bool allow_utf8 = false) {
  auto addresses = responsible_addresses(message, allow_utf8);
  if (!addresses) return {"refused", addresses.error()};
  Texts out;
  for (const mail::Address& address : *addresses) out.push_back(mail::to_string(address));
  return out;
}

bool is_refused(std::string_view message) {
  return responsible(message).front() == "refused";
}

std::string completed(std::string message) {
  complete_header(
      message, {.from = "alice@seoul.test", .now = {1'795'233'600'000}, .message_id = "token@mx.seoul.test"});
  return message;
}

const std::string kFrom = "From: alice@seoul.test\r\n";
const std::string kMessageId = "Message-ID: <token@mx.seoul.test>\r\n";
const std::string kDate = "Date: Sat, 21 Nov 2026 04:00:00 +0000\r\n";

TEST(ResponsibleAddresses, AreThoseOfFromAndSender) {
  EXPECT_EQ(responsible("From: Alice <alice@seoul.test>\r\n\r\nhi\r\n"), (Texts{"alice@seoul.test"}));
  EXPECT_EQ(responsible("Subject: x\r\nfrom:\r\n alice@seoul.test (at home)\r\n\r\n"),
            (Texts{"alice@seoul.test"}));
  EXPECT_EQ(responsible("From: a@seoul.test, b@seoul.test\r\nSender: c@seoul.test\r\n\r\n"),
            (Texts{"a@seoul.test", "b@seoul.test", "c@seoul.test"}));
  EXPECT_EQ(responsible("From: \xEC\x95\xA8@seoul.test\r\n\r\n", true), (Texts{"\xEC\x95\xA8@seoul.test"}));
}

TEST(ResponsibleAddresses, RefusesWhatHasNoOneMeaning) {
  EXPECT_TRUE(is_refused("Subject: x\r\n\r\nFrom: a@seoul.test\r\n")) << "it is in the body";
  EXPECT_TRUE(is_refused("From: a@seoul.test\r\nFrom: b@seoul.test\r\n\r\n"));
  EXPECT_TRUE(is_refused("From: a@seoul.test\r\nDate: x\r\nDate: y\r\n\r\n"));
  EXPECT_TRUE(is_refused("From: a@seoul.test\r\nSender: a@seoul.test, b@seoul.test\r\n\r\n"));
  EXPECT_TRUE(is_refused("From: <a@seoul.test> <b@busan.test>\r\n\r\n"));
  EXPECT_TRUE(is_refused("From:\r\n\r\n"));
  EXPECT_TRUE(is_refused(""));
  EXPECT_EQ(responsible("From : a@seoul.test\r\n\r\n").back(),
            "Field 1 of the header has a blank before its colon");
  EXPECT_EQ(responsible("X: y\r\nFrom : a@seoul.test\r\n\r\n").back(),
            "Field 2 of the header has a blank before its colon");
  EXPECT_TRUE(is_refused("From: a@seoul.test\r\nFrom\t: b@busan.test\r\n\r\n"));
  EXPECT_TRUE(is_refused("From: a@seoul.test\r\nno field\r\n\r\n"));
  EXPECT_TRUE(is_refused(" From: b@busan.test\r\nFrom: a@seoul.test\r\n\r\n"));
  EXPECT_TRUE(is_refused(std::string("From: a@seoul.test\r\nX: \0\r\n\r\n", 28)));
  EXPECT_TRUE(is_refused("From: a@seoul.test\r\nX: y\rFrom: b@busan.test\r\n\r\n"));
  EXPECT_FALSE(is_refused("From: a@seoul.test\r\n\r\nany \r body\r\n")) << "what it holds is not our affair";
}

TEST(ResponsibleAddresses, DoesNotStopToLookBehindManyFields) {
  std::string message = "From: a@seoul.test\r\n";
  for (int i = 0; i < 10'000; ++i) message += "X: y\r\n";
  EXPECT_TRUE(is_refused(message + "From: b@busan.test\r\n\r\n"));
}

// RFC 5322 §3.6.6: From is the author's when a mail is sent again.
TEST(ResponsibleAddresses, AreThoseOfTheLatestResentBlock) {
  std::string original = "From: stranger@busan.test\r\nSender: other@busan.test\r\nSubject: x\r\n\r\n";
  EXPECT_EQ(responsible("Resent-From: a@seoul.test\r\nResent-To: c@x.test\r\n" + original),
            (Texts{"a@seoul.test"}));
  EXPECT_EQ(responsible("Resent-Sender: b@seoul.test\r\nResent-From: a@seoul.test\r\n" + original),
            (Texts{"a@seoul.test", "b@seoul.test"}));
  EXPECT_EQ(
      responsible("Resent-From: a@seoul.test\r\nReceived: x\r\nResent-From: b@busan.test\r\nResent-Sender: "
                  "c@busan.test\r\n" +
                  original),
      (Texts{"a@seoul.test"}));
  EXPECT_EQ(responsible("Resent-From: a@seoul.test\r\nResent-From: b@busan.test\r\n" + original),
            (Texts{"a@seoul.test"}));
  EXPECT_TRUE(is_refused("Resent-To: c@x.test\r\n" + original));
  EXPECT_TRUE(is_refused("Resent-From: a@seoul.test\r\nSubject: no author\r\n\r\n"));
  EXPECT_TRUE(is_refused("Resent-From: a@seoul.test\r\nFrom: nobody\r\nFrom: b@busan.test\r\n\r\n"));
}

TEST(CompleteHeader, AddsWhatIsMissingInFront) {
  EXPECT_EQ(completed("Subject: x\r\n\r\nhi\r\n"), kFrom + kMessageId + kDate + "Subject: x\r\n\r\nhi\r\n");
  EXPECT_EQ(completed("From: b@seoul.test\r\n\r\nhi\r\n"),
            kMessageId + kDate + "From: b@seoul.test\r\n\r\nhi\r\n");
  EXPECT_EQ(completed("message-id: <x@y>\r\nFrom: a@seoul.test\r\n\r\n"),
            kDate + "message-id: <x@y>\r\nFrom: a@seoul.test\r\n\r\n");
  EXPECT_EQ(completed("From: a@seoul.test\r\n\r\nDate: x\r\nMessage-ID: y\r\n"),
            kMessageId + kDate + "From: a@seoul.test\r\n\r\nDate: x\r\nMessage-ID: y\r\n")
      << "the body is no header";
}

TEST(CompleteHeader, LeavesAWholeHeaderAlone) {
  std::string whole =
      "Date: Sat, 21 Nov 2026 13:00:00 +0900\r\nMessage-ID: <x@y>\r\nFrom: a@seoul.test\r\n\r\nDate: no\r\n";
  EXPECT_EQ(completed(whole), whole);
}

TEST(CompleteHeader, TakesOffWhatOthersMustNotSee) {
  EXPECT_EQ(completed("Return-Path: <x@y>\r\n" + kDate + "Bcc: c@x.test,\r\n d@x.test\r\n" + kMessageId +
                      "BCC : e@x.test\r\nFrom: b@seoul.test\r\nresent-bcc: f@x.test\r\nContent-Length: "
                      "3\r\n\r\nBcc: body\r\n"),
            kDate + kMessageId +
                "From: b@seoul.test\r\n"
                "Resent-From: alice@seoul.test\r\nResent-Message-ID: <token@mx.seoul.test>\r\n"
                "Resent-Date: Sat, 21 Nov 2026 04:00:00 +0000\r\n\r\nBcc: body\r\n");
}

TEST(CompleteHeader, CompletesTheResentBlockOfWhatIsSentAgain) {
  std::string original = kDate + kMessageId + "From: stranger@busan.test\r\n\r\n";
  EXPECT_EQ(completed("Resent-From: a@seoul.test\r\nResent-Date: x\r\nResent-Message-ID: y\r\n" + original),
            "Resent-From: a@seoul.test\r\nResent-Date: x\r\nResent-Message-ID: y\r\n" + original);
  EXPECT_EQ(
      completed("Resent-To: c@x.test\r\nFrom: b@busan.test\r\n\r\n"),
      "Resent-From: alice@seoul.test\r\nResent-Message-ID: <token@mx.seoul.test>\r\n"
      "Resent-Date: Sat, 21 Nov 2026 04:00:00 +0000\r\nResent-To: c@x.test\r\nFrom: b@busan.test\r\n\r\n");
}

// As programs write it that append the fields to those of the message.
TEST(CompleteHeader, CompletesAResentBlockWhereItStands) {
  std::string whole = completed("Received: by x.test; " + kDate.substr(6) + kDate + kMessageId +
                                "From: stranger@busan.test\r\nResent-From: a@seoul.test\r\n\r\nhi\r\n");
  EXPECT_EQ(whole,
            "Received: by x.test; " + kDate.substr(6) + kDate + kMessageId +
                "From: stranger@busan.test\r\nResent-Message-ID: <token@mx.seoul.test>\r\nResent-Date: " +
                kDate.substr(6) + "Resent-From: a@seoul.test\r\n\r\nhi\r\n");
  EXPECT_EQ(responsible(whole), (Texts{"a@seoul.test"}));
}

// Of programs on a server, that log in for sending.
TEST(CompleteHeader, AFromThatNamesNobodyGetsTheSendersAddress) {
  const std::string rest = kMessageId + kDate;
  for (auto [from, to] : {std::pair{"root (Cron Daemon)", "\"root (Cron Daemon)\" <alice@seoul.test>"},
                          {"alice", "alice <alice@seoul.test>"},
                          {"\"Backup, nightly\" <root>", "\"Backup, nightly root\" <alice@seoul.test>"},
                          {"", "alice@seoul.test"},
                          {"<>", "alice@seoul.test"}}) {
    std::string whole = completed("From: " + std::string(from) + "\r\nSubject: x\r\n\r\nhi\r\n");
    EXPECT_EQ(whole, "From: " + std::string(to) + "\r\n" + rest + "Subject: x\r\n\r\nhi\r\n");
    EXPECT_EQ(responsible(whole), (Texts{"alice@seoul.test"}));
  }
  // Others' addresses and groups are for the judge, and so is what a redirected mail says.
  for (const char* from : {"bob@busan.test", "team:;", "mallory@x.test <root>"})
    EXPECT_NE(completed("From: " + std::string(from) + "\r\n\r\n").find(from), std::string::npos) << from;
  EXPECT_NE(completed("Resent-From: a@seoul.test\r\nFrom: root\r\n\r\n").find("From: root\r\n"),
            std::string::npos);
}

TEST(CompleteHeader, MakesTextWithoutFieldsTheBody) {
  EXPECT_EQ(completed("hello\r\n"), kFrom + kMessageId + kDate + "\r\nhello\r\n");
  EXPECT_EQ(completed(" From: x\r\n\r\nhello\r\n"),
            kFrom + kMessageId + kDate + "\r\n From: x\r\n\r\nhello\r\n");
  EXPECT_EQ(completed("\r\nhello\r\n"), kFrom + kMessageId + kDate + "\r\nhello\r\n");
  EXPECT_EQ(completed(""), kFrom + kMessageId + kDate + "\r\n");
}

TEST(CompleteHeader, EndsAHeaderWithoutABody) {
  EXPECT_EQ(completed("Subject: disk full\r\n"), kFrom + kMessageId + kDate + "Subject: disk full\r\n\r\n");
  EXPECT_EQ(completed("Subject: disk full"), kFrom + kMessageId + kDate + "Subject: disk full\r\n\r\n");
}

// It is refused then: what is put in front would make it part of a field of ours.
TEST(CompleteHeader, DoesNotMakeABlankFirstLineAFold) {
  std::string message = " From: b@busan.test\r\nFrom: a@seoul.test\r\n\r\n";
  EXPECT_EQ(completed(message), message);
}

TEST(CompleteHeader, DropsTheMboxLine) {
  EXPECT_EQ(completed("From alice Sat Nov 21 04:00:00 2026\r\n" + kDate + kMessageId +
                      "From: a@seoul.test\r\n\r\n"),
            kDate + kMessageId + "From: a@seoul.test\r\n\r\n");
  EXPECT_EQ(completed("From : b@busan.test\r\n" + kDate + kMessageId + "\r\n"),
            "From : b@busan.test\r\n" + kDate + kMessageId + "\r\n");
}

}  // namespace
}  // namespace pabal::receive

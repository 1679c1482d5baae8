#include "agent/sendmail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>
#include <sysexits.h>

#include "console/console.h"

namespace pabal::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const SendmailContext kContext{.user = {.name = "root", .full_name = "Charlie Root", .host = "host.test"},
                               .now = Time{1795253400000},
                               .utc_offset_minutes = 540,
                               .token = "token"};

SendmailArgs args(std::vector<std::string> words) {
  auto parsed = parse_sendmail_args(words);
  EXPECT_TRUE(parsed.has_value()) << parsed.error();
  return parsed.value_or(SendmailArgs{});
}

SendmailMail prepared(std::vector<std::string> words, const std::string& input) {
  auto mail = prepare_sendmail(args(std::move(words)), input, kContext);
  EXPECT_TRUE(mail.has_value()) << mail.error();
  return mail.value_or(SendmailMail{});
}

std::vector<std::string> to(const SendmailMail& mail) {
  std::vector<std::string> all;
  for (const mail::Address& address : mail.forward_paths) all.push_back(to_string(address));
  return all;
}

TEST(SendmailArgs, AreReadAsProgramsWriteThem) {
  SendmailArgs cron = args({"-FCronDaemon", "-i", "-odi", "-oem", "-oi", "-t", "-f", "root"});
  EXPECT_EQ(cron.full_name, "CronDaemon");
  EXPECT_TRUE(cron.recipients_from_header);
  EXPECT_FALSE(cron.dot_ends);
  EXPECT_EQ(cron.sender, "root");

  SendmailArgs mutt =
      args({"-oem", "-oi", "-f", "a@x.test", "-N", "success,delay", "-R", "hdrs", "--", "b@x.test", "-odd"});
  EXPECT_TRUE(mutt.notify.success && mutt.notify.delay && !mutt.notify.failure);
  EXPECT_EQ(mutt.ret, proto::smtp::Ret::headers);
  EXPECT_THAT(mutt.recipients, ElementsAre("b@x.test", "-odd"));

  SendmailArgs php = args({"-ti", "-fwww@x.test"});
  EXPECT_TRUE(php.recipients_from_header && !php.dot_ends);
  EXPECT_EQ(php.sender, "www@x.test");

  EXPECT_EQ(args({"-bm", "-Venv-1", "-B8BITMIME", "-q5m", "-v", "x"}).envid, "env-1");
}

TEST(SendmailArgs, MayBeGluedTogether) {
  SendmailArgs one = args({"-tf", "a@x.test"});
  EXPECT_TRUE(one.recipients_from_header);
  EXPECT_EQ(one.sender, "a@x.test");
  SendmailArgs two = args({"-tivfa@x.test", "-GUnB", "8BITMIME", "-o", "i", "b@x.test"});
  EXPECT_TRUE(two.recipients_from_header && two.verbose && !two.dot_ends);
  EXPECT_EQ(two.sender, "a@x.test");
  EXPECT_THAT(two.recipients, ElementsAre("b@x.test"));
  SendmailArgs cron = args({"-i", "-FCronDaemon", "-B8BITMIME", "-oem", "root"});
  EXPECT_EQ(cron.full_name, "CronDaemon");
  EXPECT_THAT(cron.recipients, ElementsAre("root"));
  EXPECT_THAT(
      args({"-oem", "-t", "-f", "a@x.test", "-p", "x", "-h", "3", "-XV", "-O", "a=b", "c"}).recipients,
      ElementsAre("c"));
}

// What comes from strangers stands behind it and cannot be an option.
TEST(SendmailArgs, EndAtTwoDashesOrTheFirstOtherWord) {
  EXPECT_THAT(args({"--", "-t"}).recipients, ElementsAre("-t"));
  EXPECT_FALSE(args({"a@x.test", "-t"}).recipients_from_header);
  EXPECT_THAT(args({"-i", "--", "a@x.test", "--"}).recipients, ElementsAre("a@x.test", "--"));
  EXPECT_THAT(args({"-"}).recipients, ElementsAre("-"));
}

TEST(SendmailArgs, MayMeanAnotherCommand) {
  EXPECT_THAT(args({"-bp"}).instead, ElementsAre("queue", "list"));
  EXPECT_THAT(args({"-q"}).instead, ElementsAre("queue", "retry", "--json", "--all"));
  EXPECT_THAT(args({"-qRx.test"}).instead,
              ElementsAre("queue", "retry", "--json", "--destination", "x.test"));
  EXPECT_THAT(args({"-qIabc"}).instead, ElementsAre("queue", "retry", "--json", "abc"));
  EXPECT_THAT(args({"-q", "a@x.test"}).instead, ElementsAre());
}

TEST(SendmailArgs, WhatIsNotHereIsRefused) {
  for (std::vector<std::string> wrong : {std::vector<std::string>{"-bs"},
                                         {"-bv", "x"},
                                         {"-bd"},
                                         {"-bi"},
                                         {},
                                         {"-f"},
                                         {"-N", "maybe", "x"},
                                         {"-N", "never,delay", "x"},
                                         {"-R", "some", "x"},
                                         {"-z", "x"}})
    EXPECT_FALSE(parse_sendmail_args(wrong).has_value());
}

TEST(Sendmail, CompletesTheMail) {
  SendmailMail mail = prepared({"bob"}, "Subject: hi\n\nHello\n.\nnot read\n");
  EXPECT_EQ(mail.message,
            "From: Charlie Root <root@host.test>\r\n"
            "Date: Sat, 21 Nov 2026 18:30:00 +0900\r\n"
            "Message-ID: <token@host.test>\r\n"
            "Subject: hi\r\n\r\nHello\r\n");
  EXPECT_THAT(to(mail), ElementsAre("bob@host.test"));
  EXPECT_EQ(to_string(*mail.reverse_path), "root@host.test");
}

TEST(Sendmail, LeavesWhatIsThere) {
  std::string input =
      "From: a@x.test\r\nDate: Sat, 21 Nov 2026 18:30:00 +0900\r\nMessage-ID: <1@x.test>\r\n\r\n.\r\n";
  EXPECT_EQ(prepared({"-i", "b@x.test"}, input).message, input);
  EXPECT_THAT(prepared({"b@x.test"}, "no header here\n").message, HasSubstr("\r\n\r\nno header here\r\n"));
  EXPECT_THAT(prepared({"b@x.test"}, "From x Thu Jan  1 00:00:00 1970\nSubject: s\n\nx\n").message,
              Not(HasSubstr("1970")));
  EXPECT_FALSE(prepared({"-f", "<>", "b@x.test"}, "\nx\n").reverse_path);
}

// Cron writes such a header, and nobody elsewhere could answer it.
TEST(Sendmail, GivesNamesWithoutADomainOne) {
  std::string input = "From: root (Cron Daemon)\nTo: root, Bob <bob@x.test>\nSubject: s\n\nroot\n";
  SendmailMail mail = prepared({"root"}, input);
  EXPECT_THAT(mail.message, HasSubstr("From: Cron Daemon <root@host.test>\r\n"));
  EXPECT_THAT(mail.message, HasSubstr("To: root@host.test, Bob <bob@x.test>\r\n"));
  EXPECT_THAT(mail.message, HasSubstr("\r\n\r\nroot\r\n"));

  SendmailContext context = kContext;
  context.user.address = "alice@x.test";
  context.user.host = "x.test";
  auto account = prepare_sendmail(args({"root"}), input, context);
  ASSERT_TRUE(account.has_value());
  EXPECT_THAT(account->message, HasSubstr("From: Cron Daemon <alice@x.test>\r\nTo: root@x.test, "));
  EXPECT_EQ(to_string(*account->reverse_path), "alice@x.test");
  EXPECT_THAT(to(*account), ElementsAre("root@x.test"));
}

TEST(Sendmail, TakesOffWhatIsNotForTheSenderToSay) {
  SendmailMail mail =
      prepared({"b@x.test"}, "Return-Path: <a@x.test>\nContent-Length: 3\nX: y\nResent-Bcc: c@x.test\n\nx\n");
  EXPECT_THAT(mail.message, testing::EndsWith("Message-ID: <token@host.test>\r\nX: y\r\n\r\nx\r\n"));
}

TEST(Sendmail, TakesRecipientsFromTheHeader) {
  SendmailMail mail =
      prepared({"-t", "extra@x.test"},
               "To: Bob <bob@x.test>, local\nCc: carol@x.test\nBcc: dave@x.test,\n eve@x.test\n"
               "Subject: s\n\nBcc: stays in the body\n");
  EXPECT_THAT(to(mail), ElementsAre("extra@x.test", "bob@x.test", "local@host.test", "carol@x.test",
                                    "dave@x.test", "eve@x.test"));
  EXPECT_THAT(mail.message, Not(HasSubstr("dave")));
  EXPECT_THAT(mail.message, Not(HasSubstr("eve")));
  EXPECT_THAT(mail.message, HasSubstr("Bcc: stays in the body"));
  EXPECT_THAT(to(prepared({"-t"}, "Resent-To: r@x.test\nTo: t@x.test\n\n")), ElementsAre("r@x.test"));
  EXPECT_FALSE(prepare_sendmail(args({"-t"}), "Subject: s\n\n", kContext).has_value());
  EXPECT_FALSE(prepare_sendmail(args({"a@@b"}), "\n", kContext).has_value());
}

TEST(Sendmail, EndsAsSysexitsSays) {
  std::istringstream in("Subject: s\n\n");
  std::ostringstream out, err;
  Console console{in, out, err, false};
  EXPECT_EQ(sendmail_main({"-bs"}, console, {}), EX_USAGE);
  EXPECT_THAT(err.str(), HasSubstr("sendmail: -bs"));
}

}  // namespace
}  // namespace pabal::agent

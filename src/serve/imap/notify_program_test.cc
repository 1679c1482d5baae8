#include "serve/imap/notify_program.h"

#include <gtest/gtest.h>

namespace pabal::serve::imap {
namespace {

namespace wire = proto::imap;

std::expected<NotifyProgram, Outcome> make(std::string_view command) {
  auto request = wire::parse_request("a NOTIFY SET " + std::string(command), {});
  EXPECT_TRUE(request.has_value()) << command << ": " << request.error().text;
  return NotifyProgram::make(std::get<wire::Notify>(request->command));
}

// RFC 5465 §6
TEST(NotifyProgram, AddsUpWhatSeveralGroupsWant) {
  auto program = make("(mailboxes INBOX (Messagenew messageExpunge)) (personal (SubscriptionChange))");
  ASSERT_TRUE(program.has_value());
  EXPECT_EQ(program->events_of("INBOX", true, false), kMessages | kSubscriptions);
  EXPECT_EQ(program->events_of("Sent", true, false), kSubscriptions);
  EXPECT_EQ(program->events_of("Other Users/bob@example.org/INBOX", false, false), 0u);
  EXPECT_EQ(program->selected().events, 0u);
}

TEST(NotifyProgram, KeepsTheSelectedMailboxApart) {
  auto program = make(
      "(selected (Messagenew (uid flags) messageExpunge)) (personal (MessageNew FlagChange MessageExpunge))");
  ASSERT_TRUE(program.has_value());
  EXPECT_EQ(program->selected().events, kMessages);
  EXPECT_EQ(program->selected().items.size(), 2u);
  EXPECT_FALSE(program->selected().delayed);
  EXPECT_EQ(program->events(), kMessages | kFlags);
  EXPECT_FALSE(program->beyond_own());
}

TEST(NotifyProgram, FollowsSubtreesDown) {
  auto program = make(
      "(selected-delayed (MessageNew MessageExpunge)) (subtree Lists (MessageNew MessageExpunge))"
      " (mailboxes Lists/Noise NONE)");
  ASSERT_TRUE(program.has_value());
  EXPECT_TRUE(program->selected().delayed);
  EXPECT_EQ(program->events_of("Lists", true, false), kMessages);
  EXPECT_EQ(program->events_of("Lists/a/b", true, false), kMessages);
  EXPECT_EQ(program->events_of("Listsen", true, false), 0u);
  EXPECT_EQ(program->events_of("Lists/Noise", true, false), 0u);
  EXPECT_EQ(program->events_of("Lists/Noise/x", true, false), kMessages);
  EXPECT_TRUE(program->names("Lists/a"));
  EXPECT_FALSE(program->names("INBOX"));
}

TEST(NotifyProgram, AsksForWhatIsSubscribed) {
  auto program = make("(subscribed (MessageNew MessageExpunge MailboxName))");
  ASSERT_TRUE(program.has_value());
  EXPECT_EQ(program->events_of("Shared/team@example.org/INBOX", false, true), kMessages | kNames);
  EXPECT_EQ(program->events_of("INBOX", true, false), 0u);
  EXPECT_TRUE(program->beyond_own());
}

// RFC 5465 §3.1, §5
TEST(NotifyProgram, RefusesWhatCannotBe) {
  auto unknown = make("(personal (MessageNew MessageExpunge AnnotationChange))");
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().kind, Outcome::no);
  EXPECT_TRUE(unknown.error().code.starts_with("BADEVENT (MessageNew MessageExpunge FlagChange"));
  for (const char* halves : {"(personal (MessageNew))", "(personal (MessageExpunge))",
                             "(personal (FlagChange))", "(selected (FlagChange MessageNew))"}) {
    auto program = make(halves);
    ASSERT_FALSE(program.has_value()) << halves;
    EXPECT_EQ(program.error().kind, Outcome::bad);
  }
}

}  // namespace
}  // namespace pabal::serve::imap

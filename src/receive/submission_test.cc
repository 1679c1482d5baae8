#include "receive/submission.h"

#include <gtest/gtest.h>

namespace pabal::receive {
namespace {

std::vector<std::string> from(std::string_view message, bool allow_utf8 = false) {
  auto addresses = from_addresses(message, allow_utf8);
  if (!addresses) return {"refused"};
  std::vector<std::string> out;
  for (const mail::Address& address : *addresses) out.push_back(mail::to_string(address));
  return out;
}

using Texts = std::vector<std::string>;

TEST(FromAddresses, ReadsTheOneField) {
  EXPECT_EQ(from("From: Alice <alice@seoul.test>\r\n\r\nhi\r\n"), (Texts{"alice@seoul.test"}));
  EXPECT_EQ(from("Subject: x\r\nfrom:\r\n alice@seoul.test (at home)\r\n\r\n"), (Texts{"alice@seoul.test"}));
  EXPECT_EQ(from("From: a@seoul.test, \"B, b\" <b@seoul.test>\r\n\r\n"),
            (Texts{"a@seoul.test", "b@seoul.test"}));
}

// RFC 6854 §2.1: a group may stand there; what counts are its members.
TEST(FromAddresses, ReadsGroups) {
  EXPECT_EQ(from("From: Friends: a@seoul.test, b@seoul.test;\r\n\r\n"),
            (Texts{"a@seoul.test", "b@seoul.test"}));
  EXPECT_EQ(from("From: Nobody:;\r\n\r\n"), (Texts{"refused"}));
}

TEST(FromAddresses, RefusesWhatCannotBeAnswered) {
  EXPECT_EQ(from("Subject: x\r\n\r\nFrom: a@seoul.test\r\n"), (Texts{"refused"})) << "it is in the body";
  EXPECT_EQ(from("From: a@seoul.test\r\nFrom: b@seoul.test\r\n\r\n"), (Texts{"refused"}));
  EXPECT_EQ(from("From:\r\n\r\n"), (Texts{"refused"}));
  EXPECT_EQ(from("From: Alice\r\n\r\n"), (Texts{"refused"}));
  EXPECT_EQ(from("From: a@seoul.test, b\r\n\r\n"), (Texts{"refused"}));
  EXPECT_EQ(from("From: <>\r\n\r\n"), (Texts{"refused"}));
  EXPECT_EQ(from(""), (Texts{"refused"}));
}

// RFC 6531 §3.3: outside of ASCII only in an internationalised mail.
TEST(FromAddresses, TakesUtf8WhenItIsAllowed) {
  std::string_view message = "From: \xEC\x95\xA8\xEB\xA6\xAC\xEC\x8A\xA4@seoul.test\r\n\r\n";
  EXPECT_EQ(from(message, false), (Texts{"refused"}));
  EXPECT_EQ(from(message, true), (Texts{"\xEC\x95\xA8\xEB\xA6\xAC\xEC\x8A\xA4@seoul.test"}));
}

std::string completed(std::string message) {
  complete_header(message, Time{1'795'233'600'000}, "token@mx.seoul.test");
  return message;
}

TEST(CompleteHeader, AddsWhatIsMissingInFront) {
  EXPECT_EQ(completed("From: a@seoul.test\r\n\r\nhi\r\n"),
            "Message-ID: <token@mx.seoul.test>\r\nDate: Sat, 21 Nov 2026 04:00:00 +0000\r\n"
            "From: a@seoul.test\r\n\r\nhi\r\n");
  EXPECT_EQ(completed("message-id: <x@y>\r\nFrom: a@seoul.test\r\n\r\n"),
            "Date: Sat, 21 Nov 2026 04:00:00 +0000\r\nmessage-id: <x@y>\r\nFrom: a@seoul.test\r\n\r\n");
}

TEST(CompleteHeader, LeavesAWholeHeaderAlone) {
  std::string whole =
      "Date: Sat, 21 Nov 2026 13:00:00 +0900\r\nMessage-ID: <x@y>\r\nFrom: a@seoul.test\r\n\r\nDate: no\r\n";
  EXPECT_EQ(completed(whole), whole);
}

TEST(CompleteHeader, DoesNotTakeTheBodyForAHeader) {
  EXPECT_EQ(completed("From: a@seoul.test\r\n\r\nDate: x\r\nMessage-ID: y\r\n"),
            "Message-ID: <token@mx.seoul.test>\r\nDate: Sat, 21 Nov 2026 04:00:00 +0000\r\n"
            "From: a@seoul.test\r\n\r\nDate: x\r\nMessage-ID: y\r\n");
}

}  // namespace
}  // namespace pabal::receive

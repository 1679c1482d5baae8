#include "mail/originators.h"

#include <gtest/gtest.h>

namespace pabal::mail {
namespace {

using Texts = std::vector<std::string>;

Texts read(std::string_view value, bool allow_utf8 = false) {
  auto found = parse_originators(value, allow_utf8);
  if (!found) return {"refused"};
  Texts out;
  for (const Address& address : *found) out.push_back(to_string(address));
  return out;
}

std::string why(std::string_view value) {
  auto found = parse_originators(value, false);
  return found ? "" : found.error();
}

TEST(Originators, ReadsWhatMailProgramsWrite) {
  EXPECT_EQ(read("alice@seoul.test"), (Texts{"alice@seoul.test"}));
  EXPECT_EQ(read("<alice@seoul.test>"), (Texts{"alice@seoul.test"}));
  EXPECT_EQ(read("Alice Kim <alice@seoul.test>"), (Texts{"alice@seoul.test"}));
  EXPECT_EQ(read("\"Kim, Alice (R&D)\" <alice@seoul.test>"), (Texts{"alice@seoul.test"}));
  EXPECT_EQ(read("alice@seoul.test (Alice (at \\) home))"), (Texts{"alice@seoul.test"}));
  EXPECT_EQ(read("Alice Q. Kim\r\n <alice@seoul.test>"), (Texts{"alice@seoul.test"}));
  EXPECT_EQ(read("=?utf-8?B?7JWo66as7Iqk?= <alice@seoul.test>"), (Texts{"alice@seoul.test"}));
  EXPECT_EQ(read("\xBE\xD9\xB8\xAE\xBD\xBA <alice@seoul.test>"), (Texts{"alice@seoul.test"})) << "raw EUC-KR";
  EXPECT_EQ(read("\"a b\"@seoul.test"), (Texts{"\"a b\"@seoul.test"}));
  EXPECT_EQ(read("A <\"a>b\"@seoul.test>"), (Texts{"\"a>b\"@seoul.test"}));
  EXPECT_EQ(read("a@[192.0.2.1], b@[IPv6:2001:db8::1]"), (Texts{"a@[192.0.2.1]", "b@[IPv6:2001:db8::1]"}));
  EXPECT_EQ(read("Alice < alice@seoul.test >"), (Texts{"alice@seoul.test"}));
}

TEST(Originators, CountsEveryAddressThatAReaderMayShow) {
  EXPECT_EQ(read("a@seoul.test, \"B, b\" <b@seoul.test>"), (Texts{"a@seoul.test", "b@seoul.test"}));
  EXPECT_EQ(read("mallory@a.test <alice@b.test>"), (Texts{"alice@b.test", "mallory@a.test"}));
  EXPECT_EQ(read("alice@b.test <alice@b.test>"), (Texts{"alice@b.test", "alice@b.test"}));
  EXPECT_EQ(read("=?utf-8?q?a@b?= <alice@b.test>"), (Texts{"alice@b.test"})) << "a name for every reader";
  EXPECT_EQ(read("\"mallory@a.test\" <alice@b.test>"), (Texts{"alice@b.test"}));
}

// RFC 6854 §2.1: a group may stand there; what counts are its members.
TEST(Originators, CountsTheMembersOfGroups) {
  EXPECT_EQ(read("Friends: a@seoul.test, B <b@seoul.test>;"), (Texts{"a@seoul.test", "b@seoul.test"}));
  EXPECT_EQ(read("None:;, a@seoul.test"), (Texts{"a@seoul.test"}));
  EXPECT_EQ(read("Nobody:;"), (Texts{"refused"}));
  EXPECT_EQ(why("F: a@seoul.test"), "its group has no end");
  EXPECT_EQ(why("F: a@seoul.test; b@seoul.test"), "it has text behind a group");
  EXPECT_EQ(read("F: G: a@seoul.test;;"), (Texts{"refused"}));
  EXPECT_EQ(read("a@seoul.test;"), (Texts{"refused"}));
  EXPECT_EQ(read("F: a@seoul.test,;"), (Texts{"refused"}));
}

TEST(Originators, RefusesWhatReadersTakeInDifferentWays) {
  for (std::string_view value : {"",
                                 " ",
                                 "Alice",
                                 "<>",
                                 "<alice@b.test> <mallory@a.test>",
                                 "<alice@b.test> mallory@a.test",
                                 "mallory@a.test alice@b.test",
                                 "alice@b.test mallory",
                                 "alice@b.test,",
                                 ",alice@b.test",
                                 "a@b.test,,c@d.test",
                                 "<@a.test,@c.test:alice@b.test>",
                                 "<alice@b.test",
                                 "alice@b.test>",
                                 "(alice@b.test",
                                 "\"Alice <alice@b.test>",
                                 "alice @ b.test",
                                 "alice@b.test (x) .evil.test",
                                 "a@b.test@c.test",
                                 "<a@b.test@c.test>",
                                 "<=?utf-8?q?a=40b.test?=>",
                                 "=?utf-8?q?alice=40b.test?=",
                                 "x: <alice@b.test>",
                                 "\\<alice@b.test>"}) {
    EXPECT_EQ(read(value), (Texts{"refused"})) << value;
  }
  EXPECT_EQ(why("<a@b.test> <c@d.test>"), "it has two addresses without a comma between them");
  EXPECT_EQ(why("a@b.test, c\x01@d.test"),
            "'c?@d.test' is no address: the local part has a character that is not allowed there");
}

TEST(Originators, AreNotWithoutLimit) {
  std::string many = "a@b.test";
  for (size_t i = 1; i < originators_max; ++i) many += ", a@b.test";
  EXPECT_EQ(read(many).size(), originators_max);
  EXPECT_EQ(read(many + ", a@b.test"), (Texts{"refused"}));
  EXPECT_EQ(read(std::string(1 << 20, '(')), (Texts{"refused"}));
  EXPECT_EQ(read(std::string(1 << 20, '<')), (Texts{"refused"}));
}

// RFC 6531 §3.3: outside of ASCII only in an internationalised mail.
TEST(Originators, TakesUtf8WhenItIsAllowed) {
  std::string_view value = "\xEC\x95\xA8\xEB\xA6\xAC\xEC\x8A\xA4@seoul.test";
  EXPECT_EQ(read(value, false), (Texts{"refused"}));
  EXPECT_EQ(read(value, true), (Texts{std::string(value)}));
}

}  // namespace
}  // namespace pabal::mail

// APPEND, REPLACE.
#include <gtest/gtest.h>

#include "proto/imap/test_parse.h"

namespace pabal::proto::imap {
namespace {

std::string at(const std::optional<Time>& time) {
  return time ? to_rfc3339(*time) : "none";
}

// RFC 9051 §6.3.12, RFC 8474 §5.2
TEST(ImapAppend, One) {
  auto append = parsed<Append>("APPEND saved-messages (\\Seen) {14}\r\nSubject: x\r\n\r\n");
  EXPECT_EQ(append.mailbox, "saved-messages");
  ASSERT_EQ(append.messages.size(), 1u);
  EXPECT_EQ(append.messages[0].flags, std::vector<std::string>{"\\Seen"});
  EXPECT_EQ(append.messages[0].octets, "Subject: x\r\n\r\n");
  EXPECT_FALSE(append.messages[0].internal_date);
  append = parsed<Append>("append inbox \"20-Mar-2018 03:07:37 +1100\" {3+}\r\na\nb");
  EXPECT_EQ(append.mailbox, "INBOX");
  EXPECT_EQ(at(append.messages.at(0).internal_date), "2018-03-19T16:07:37.000Z");
  EXPECT_EQ(append.messages[0].octets, "a\nb");
  EXPECT_EQ(parsed<Append>("APPEND x () {0}\r\n").messages.at(0).octets, "");
}

// The last literal takes the memory of the command; whatever stands around it is read the same.
TEST(ImapAppend, LargeOnes) {
  std::string large = "Subject: large\r\n\r\n", larger;
  while (large.size() < 100'000) large += std::to_string(large.size()) + "\r\n";
  larger = large + large;
  const std::string literal = "{" + std::to_string(large.size()) + "}\r\n" + large;
  const std::string other = "{" + std::to_string(larger.size()) + "}\r\n" + larger;
  EXPECT_EQ(parsed<Append>("APPEND x (\\Seen) " + literal).messages.at(0).octets, large);
  EXPECT_EQ(parsed<Append>("APPEND x UTF8 (~" + literal + ")").messages.at(0).octets, large);
  auto append = parsed<Append>("APPEND x " + literal + " (\\Seen) " + other);
  ASSERT_EQ(append.messages.size(), 2u);
  EXPECT_EQ(append.messages[0].octets, large);
  EXPECT_EQ(append.messages[1].octets, larger);
  append = parsed<Append>("APPEND x CATENATE (TEXT " + literal + " URL /x/;UID=1 TEXT " + other + ") ");
  ASSERT_EQ(append.messages.at(0).parts.size(), 3u);
  EXPECT_EQ(append.messages[0].parts[0].text, large);
  EXPECT_EQ(append.messages[0].parts[1].text, "/x/;UID=1");
  EXPECT_EQ(append.messages[0].parts[2].text, larger);
  EXPECT_EQ(parsed<Replace>("REPLACE 1 x " + literal).message.octets, large);
  // In the middle of others, and where something is wrong behind it.
  EXPECT_EQ(parsed<Append>("APPEND x CATENATE (TEXT " + literal + " URL /x/;UID=1)")
                .messages.at(0)
                .parts.at(0)
                .text,
            large);
  EXPECT_TRUE(refusal("APPEND x " + literal + " oops").starts_with("BAD APPEND"));
  EXPECT_TRUE(refusal("APPEND x UTF8 (~" + literal).starts_with("BAD APPEND"));
}

// RFC 9051 §4.3: who has NUL to send sends it as literal8.
TEST(ImapAppend, NulIsForLiteral8) {
  using namespace std::string_literals;
  const std::string no_nul = "a literal holds no NUL; a literal8 like ~{310} may";
  EXPECT_EQ(refusal("APPEND x {3}\r\na\0b"s), "BAD APPEND: " + no_nul);
  EXPECT_EQ(refusal("APPEND x {1}\r\na {3+}\r\na\0b"s), "BAD APPEND: " + no_nul);
  EXPECT_EQ(refusal("REPLACE 1 x {3}\r\na\0b"s), "BAD REPLACE: " + no_nul);
  EXPECT_EQ(refusal("APPEND x CATENATE (TEXT {3}\r\na\0b)"s), "BAD APPEND: " + no_nul);
  EXPECT_EQ(parsed<Append>("APPEND x ~{3}\r\na\0b"s).messages.at(0).octets, "a\0b"s);
  EXPECT_EQ(parsed<Append>("APPEND x CATENATE (TEXT ~{3}\r\na\0b)"s).messages.at(0).parts.at(0).text,
            "a\0b"s);
}

TEST(ImapAppend, Dates) {
  auto date = [](std::string_view text) {
    return at(parsed<Append>("APPEND x \"" + std::string(text) + "\" {1}\r\nx").messages.at(0).internal_date);
  };
  EXPECT_EQ(date("17-Jul-1996 02:44:25 -0700"), "1996-07-17T09:44:25.000Z");
  EXPECT_EQ(date(" 7-feb-1994 22:43:04 -0800"), "1994-02-08T06:43:04.000Z");
  EXPECT_EQ(date("7-Feb-1994 22:43:04 +0000"), "1994-02-07T22:43:04.000Z");
  EXPECT_EQ(date("31-Dec-2016 23:59:60 +0000"), "2017-01-01T00:00:00.000Z");
  for (std::string_view bad :
       {"", " ", "17-Jul-1996", "17-Jul-1996 02:44:25", "31-Feb-1996 02:44:25 -0700",
        "17-Jul-1996 24:00:00 -0700", "17-Jul-1996 02:60:00 -0700", "17-Jul-1996 02:44:25 0700",
        "17-Jul-1996 02:44:25 +2460", "17-Jul-1996 02:44:25 -07000", "17-Jul-96 02:44:25 -0700",
        "  1-Jul-1996 02:44:25 -0700", "17/Jul/1996 02:44:25 -0700", "17-Jul-1996 02.44.25 -0700",
        "0-Jul-1996 02:44:25 -0700"})
    EXPECT_EQ(refusal("APPEND x \"" + std::string(bad) + "\" {1}\r\nx").substr(0, 3), "BAD") << bad;
  EXPECT_EQ(refusal("APPEND x \"today\" {1}\r\nx"),
            "BAD APPEND needs a date and time like \"17-Jul-1996 02:44:25 -0700\", got \"\"today\" {1}\"");
}

// RFC 3502 §6.3.11
TEST(ImapAppend, Several) {
  auto append = parsed<Append>(
      "APPEND saved-messages (\\Seen) {3}\r\none (\\Flagged) \" 7-Feb-1994 22:43:04 -0800\" {3+}\r\ntwo "
      "{0}\r\n");
  ASSERT_EQ(append.messages.size(), 3u);
  EXPECT_EQ(append.messages[1].octets, "two");
  EXPECT_EQ(at(append.messages[1].internal_date), "1994-02-08T06:43:04.000Z");
  EXPECT_EQ(append.messages[2].octets, "");
  std::string many = "APPEND x";
  for (int i = 0; i < 1001; ++i) many += " {1}\r\nx";
  EXPECT_EQ(refusal(many), "NO [LIMIT] APPEND takes at most 1000 messages");
}

// RFC 3516 §4.4, RFC 6855 §4
TEST(ImapAppend, BinaryAndUtf8) {
  using namespace std::string_literals;
  auto append = parsed<Append>("APPEND x ~{3}\r\na\0b"s);
  EXPECT_TRUE(append.messages.at(0).literal8);
  EXPECT_FALSE(append.messages[0].utf8);
  EXPECT_EQ(append.messages[0].octets, "a\0b"s);
  append = parsed<Append>("APPEND x (\\Seen) UTF8 (~{2+}\r\n\xc3\xa9)");
  EXPECT_TRUE(append.messages.at(0).utf8);
  EXPECT_EQ(append.messages[0].octets, "\xc3\xa9");
  EXPECT_EQ(refusal("APPEND x UTF8 ({1}\r\na)"), "BAD APPEND: UTF8 takes a literal8, UTF8 (~{310} and so on");
  EXPECT_EQ(refusal("APPEND x UTF8 ~{1}\r\na").substr(0, 3), "BAD");
  EXPECT_EQ(refusal("APPEND x UTF8 (~{1}\r\na").substr(0, 3), "BAD");
}

// RFC 4469 §5
TEST(ImapAppend, Catenate) {
  auto append = parsed<Append>(
      "APPEND Drafts (\\Seen \\Draft $MDNSent) CATENATE (URL "
      "\"/Drafts;UIDVALIDITY=385759045/;UID=20/;section=HEADER\" "
      "TEXT {4}\r\n\r\n-- URL /x;UID=1 UTF8 (~{1}\r\ny) TEXT ~{1+}\r\nz)");
  ASSERT_EQ(append.messages.size(), 1u);
  const AppendMessage& message = append.messages[0];
  EXPECT_TRUE(message.catenate);
  EXPECT_TRUE(message.octets.empty());
  EXPECT_EQ(message.parts.size(), 5u);
  EXPECT_EQ(message.parts[1].text, "\r\n--");
}

TEST(ImapAppend, CatenateParts) {
  auto message =
      parsed<Append>("APPEND x CATENATE (TEXT {2}\r\n(a URL \"/y;UID=1\" UTF8 (~{1}\r\nb)) {1}\r\nc")
          .messages.at(0);
  ASSERT_EQ(message.parts.size(), 3u);
  EXPECT_EQ(message.parts[0].text, "(a");
  EXPECT_FALSE(message.parts[0].url);
  EXPECT_TRUE(message.parts[1].url);
  EXPECT_EQ(message.parts[1].text, "/y;UID=1");
  EXPECT_TRUE(message.parts[2].utf8);
  for (std::string_view bad : {"CATENATE", "CATENATE ()", "CATENATE (FROB x)", "CATENATE (URL)",
                               "CATENATE (TEXT x)", "CATENATE (URL x", "CATENATE URL x"})
    EXPECT_EQ(refusal("APPEND x " + std::string(bad)).substr(0, 3), "BAD") << bad;
}

TEST(ImapAppend, Wrong) {
  EXPECT_EQ(refusal("APPEND"), "BAD APPEND needs a mailbox name like INBOX, but the command ends there");
  EXPECT_EQ(refusal("APPEND x"),
            "BAD APPEND needs the message as a literal like {310}, but the command ends there");
  EXPECT_EQ(refusal("APPEND x \"text\""),
            "BAD APPEND needs a date and time like \"17-Jul-1996 02:44:25 -0700\", got \"\"text\"\"");
  EXPECT_EQ(refusal("APPEND x text"), "BAD APPEND needs the message as a literal like {310}, got \"text\"");
  EXPECT_EQ(refusal("APPEND x {4}\r\nabc").substr(0, 3), "BAD");
  EXPECT_EQ(refusal("APPEND x {2}\r\nabc").substr(0, 3), "BAD");
  EXPECT_EQ(refusal("APPEND x {18446744073709551615}\r\nabc").substr(0, 3), "BAD");
  EXPECT_EQ(refusal("APPEND x {1}\nabc").substr(0, 3), "BAD");
  EXPECT_EQ(refusal("APPEND x (\\Seen {1}\r\na").substr(0, 3), "BAD");
}

// RFC 8508 §3
TEST(ImapReplace, Examples) {
  auto replace = parsed<Replace>("REPLACE 4 Drafts (\\Seen \\Draft) {5}\r\nhello");
  EXPECT_FALSE(replace.uid);
  EXPECT_EQ(replace.number, 4u);
  EXPECT_EQ(replace.mailbox, "Drafts");
  EXPECT_EQ(replace.message.flags, (std::vector<std::string>{"\\Seen", "\\Draft"}));
  EXPECT_EQ(replace.message.octets, "hello");
  replace = parsed<Replace>("UID REPLACE 2000 Drafts {1}\r\nx");
  EXPECT_TRUE(replace.uid);
  EXPECT_EQ(parsed<Replace>("REPLACE * Drafts CATENATE (URL /x)").number, kStar);
  EXPECT_EQ(refusal("REPLACE 1:2 x {1}\r\nx").substr(0, 3), "BAD");
  EXPECT_EQ(refusal("REPLACE 0 x {1}\r\nx"), "BAD REPLACE needs one message number, or *, got \"0 x {1}\"");
  EXPECT_EQ(refusal("REPLACE 1 x {1}\r\nx {1}\r\ny").substr(0, 3), "BAD");
}

}  // namespace
}  // namespace pabal::proto::imap

#include "proto/imap/receiver.h"

#include <gtest/gtest.h>
#include <vector>

namespace pabal::proto::imap {
namespace {

constexpr ReceiverLimits kLimits{.line_octets_max = 1000,
                                 .literal_octets_max = 100,
                                 .append_octets_max = 5000,
                                 .command_octets_max = 1500,
                                 .append_command_octets_max = 8000};

// What a client sees that sends `bytes` in slices of `slice`: "+" for each continuation,
// "[...]" for each command, "NO", "BAD" or "BYE" with tag and code for each refusal.
std::string dialogue(std::string_view bytes, size_t slice = SIZE_MAX, ReceiverLimits limits = kLimits) {
  Receiver receiver(limits);
  std::string out;
  while (!bytes.empty()) {
    auto result = receiver.feed(bytes.substr(0, slice));
    bytes.remove_prefix(result.taken);
    if (result.kind == Receiver::Result::continuation) out += "+";
    if (result.kind == Receiver::Result::command) out += "[" + std::string(receiver.command()) + "]";
    if (result.kind == Receiver::Result::refused || result.kind == Receiver::Result::broken) {
      out += result.kind == Receiver::Result::broken ? "BYE" : receiver.error_no() ? "NO" : "BAD";
      out += "(" + std::string(receiver.tag()) + " " + std::string(receiver.error_code()) + ")";
      EXPECT_FALSE(receiver.error_text().empty());
    }
    if (result.kind == Receiver::Result::broken) break;
  }
  if (!receiver.empty() && receiver.feed("").kind == Receiver::Result::more && !receiver.empty())
    out += "...";
  return out;
}

// In slices of any size it is the same.
std::string both(std::string_view bytes, ReceiverLimits limits = kLimits) {
  std::string whole = dialogue(bytes, SIZE_MAX, limits);
  for (size_t slice : {1, 2, 3, 7, 64}) EXPECT_EQ(dialogue(bytes, slice, limits), whole) << slice;
  return whole;
}

TEST(ImapReceiver, CutsPipelinedCommands) {
  EXPECT_EQ(both("a1 NOOP\r\na2 SELECT INBOX\r\na3 LOG"), "[a1 NOOP][a2 SELECT INBOX]...");
  EXPECT_EQ(both("\r\n"), "[]");
}

TEST(ImapReceiver, BareLineFeedEndsALineBareCarriageReturnDoesNot) {
  EXPECT_EQ(both("a NOOP\nb NOOP\r\n"), "[a NOOP][b NOOP]");
  EXPECT_EQ(both("a NO\rOP\r\n"), "[a NO\rOP]");
  EXPECT_EQ(both("a NOOP\r\r\n"), "[a NOOP\r]");
}

// RFC 9051 §4.3 and the LOGIN of §7.6.
TEST(ImapReceiver, SynchronizingLiterals) {
  EXPECT_EQ(both("A001 LOGIN {11}\r\nFRED FOOBAR {7}\r\nfat man\r\n"),
            "++[A001 LOGIN {11}\r\nFRED FOOBAR {7}\r\nfat man]");
  EXPECT_EQ(both("a LOGIN {0}\r\n {2}\r\n\r\n\r\n"), "++[a LOGIN {0}\r\n {2}\r\n\r\n]");
  EXPECT_EQ(both("a LOGIN {2}\nab c\n"), "+[a LOGIN {2}\r\nab c]");
}

// RFC 7888 §4
TEST(ImapReceiver, NonSynchronizingLiterals) {
  EXPECT_EQ(both("A001 LOGIN {11+}\r\nFRED FOOBAR {7+}\r\nfat man\r\nb NOOP\r\n"),
            "[A001 LOGIN {11+}\r\nFRED FOOBAR {7+}\r\nfat man][b NOOP]");
}

TEST(ImapReceiver, LiteralsHoldAnyOctet) {
  using namespace std::string_literals;
  EXPECT_EQ(both("a APPEND x ~{5+}\r\n\0\r\n{9\r\nb NOOP\r\n"s), "[a APPEND x ~{5+}\r\n\0\r\n{9][b NOOP]"s);
}

TEST(ImapReceiver, NulOutsideOfALiteralIsRefused) {
  using namespace std::string_literals;
  EXPECT_EQ(both("a NO\0OP\r\nb NOOP\r\n"s), "BAD(a )[b NOOP]");
  EXPECT_EQ(both("a LOGIN \0 {4+}\r\nb X\n x\r\nc NOOP\r\n"s), "BAD(a )[c NOOP]");
  EXPECT_EQ(both("\0 NOOP\r\n"s), "BAD( )");
}

TEST(ImapReceiver, WhatLooksLikeALiteralAndIsNone) {
  EXPECT_EQ(both("a SEARCH {x}\r\n"), "[a SEARCH {x}]");
  EXPECT_EQ(both("a SEARCH 12}\r\nb }\r\n}\r\n+}\r\n"), "[a SEARCH 12}][b }][}][+}]");
  EXPECT_EQ(both("a SEARCH {5} \r\n"), "[a SEARCH {5} ]");
  EXPECT_EQ(both("a X {}\r\nb NOOP\r\n"), "BAD(a )[b NOOP]");
  EXPECT_EQ(both("a X {x+}\r\nb NOOP\r\n"), "BYE(a )");
  EXPECT_EQ(both("a X {+}\r\n"), "BYE(a )");
}

TEST(ImapReceiver, TooBigLiteralsAreRefusedBeforeTheyAreRead) {
  // Synchronizing: the client reads the refusal instead of "+ " and sends no octet.
  EXPECT_EQ(both("a LOGIN {101}\r\nb NOOP\r\n"), "BAD(a TOOBIG)[b NOOP]");
  EXPECT_EQ(both("a APPEND INBOX {5001}\r\nb NOOP\r\n"), "NO(a TOOBIG)[b NOOP]");
  EXPECT_EQ(both("a uid replace 7 INBOX {5001}\r\nb NOOP\r\n"), "NO(a TOOBIG)[b NOOP]");
  EXPECT_EQ(both("a LOGIN {99999999999999999999}\r\nb NOOP\r\n"), "BAD(a TOOBIG)[b NOOP]");
  EXPECT_EQ(both("a LOGIN {" + std::string(50, '1') + "}\r\nb NOOP\r\n"), "BAD(a TOOBIG)[b NOOP]");
  // Not: it comes, is read past with what follows, then refused.
  std::string big(5001, 'x');
  EXPECT_EQ(both("a APPEND INBOX {5001+}\r\n" + big + " {3+}\r\nabc (x)\r\nb NOOP\r\n"),
            "NO(a TOOBIG)[b NOOP]");
  EXPECT_EQ(both("a APPEND INBOX {5001+}\r\n" + big + " {3}\r\nb NOOP\r\n"), "NO(a TOOBIG)[b NOOP]");
  // Nobody knows when it would end.
  EXPECT_EQ(both("a APPEND INBOX {67108865+}\r\nxxx"), "BYE(a TOOBIG)");
  EXPECT_EQ(both("a APPEND INBOX {99999999999999999999+}\r\nxxx"), "BYE(a TOOBIG)");
}

TEST(ImapReceiver, SumsOfLiteralsAreLimited) {
  std::string large(4000, 'x');
  EXPECT_EQ(both("a APPEND b {4000}\r\n" + large + " {4000}\r\n" + large + " {1}\r\nb NOOP\r\n"),
            "++NO(a TOOBIG)[b NOOP]");
  std::string search = "a SEARCH";
  for (int i = 0; i < 20; ++i) search += " TEXT {90+}\r\n" + std::string(90, 'y');
  EXPECT_EQ(both(search + "\r\nb NOOP\r\n"), "BAD(a TOOBIG)[b NOOP]");
}

TEST(ImapReceiver, TheMailboxNameOfAppendIsNoMessage) {
  EXPECT_EQ(both("a APPEND {101}\r\n"), "NO(a TOOBIG)");
  EXPECT_EQ(both("a REPLACE 4 {101}\r\n"), "NO(a TOOBIG)");
  std::string message(300, 'x');
  EXPECT_EQ(both("a APPEND {5+}\r\nINBOX {300+}\r\n" + message + "\r\n"),
            "[a APPEND {5+}\r\nINBOX {300+}\r\n" + message + "]");
  EXPECT_EQ(both("a UID REPLACE 4 {5}\r\nINBOX {300}\r\n" + message + "\r\n"),
            "++[a UID REPLACE 4 {5}\r\nINBOX {300}\r\n" + message + "]");
  EXPECT_EQ(both("a LOGIN x {300}\r\n"), "BAD(a TOOBIG)");
}

// RFC 7888 §5
TEST(ImapReceiver, LiteralMinus) {
  ReceiverLimits limits = kLimits;
  limits.non_synchronizing_max = 40;
  EXPECT_EQ(both("a LOGIN {40+}\r\n" + std::string(40, 'x') + " y\r\n", limits),
            "[a LOGIN {40+}\r\n" + std::string(40, 'x') + " y]");
  EXPECT_EQ(both("a LOGIN {41+}\r\n" + std::string(41, 'x') + " y\r\nb NOOP\r\n", limits),
            "BAD(a TOOBIG)[b NOOP]");
  EXPECT_EQ(both("a APPEND x {41}\r\n" + std::string(41, 'x') + "\r\n", limits),
            "+[a APPEND x {41}\r\n" + std::string(41, 'x') + "]");
}

TEST(ImapReceiver, LongLines) {
  std::string fits = "a " + std::string(997, 'x');
  EXPECT_EQ(both(fits + "\r\n"), "[" + fits + "]");
  EXPECT_EQ(both("a " + std::string(5000, 'x') + "\r\nb NOOP\r\n"), "BAD(a )[b NOOP]");
  // A literal at its end belongs to it.
  EXPECT_EQ(both("a " + std::string(990, 'x') + " ~{0000000000000006+}\r\nb X\r\n!\r\nc NOOP\r\n"),
            "BAD(a )[c NOOP]");
  // A tag that never ends is none.
  EXPECT_EQ(both(std::string(5000, 'x') + "\r\n"), "BAD( )");
}

TEST(ImapReceiver, EndlessLinesBreak) {
  Receiver receiver(kLimits);
  std::string some(1 << 20, 'x');
  for (size_t i = 0; i < 64; ++i) {
    ASSERT_EQ(receiver.feed(some).kind, Receiver::Result::more);
    ASSERT_LE(receiver.octets_held(), 2048u);
  }
  EXPECT_EQ(receiver.feed(some).kind, Receiver::Result::broken);
}

TEST(ImapReceiver, HoldsLittleBeforeLogin) {
  Receiver receiver(kLimitsBeforeLogin);
  size_t held = 0;
  std::string line = "a LOGIN {4000+}\r\n";
  for (size_t i = 0; i < 200'000; ++i) {
    char c = i < line.size() ? line[i] : i % 1000 == 999 ? '\n' : 'x';
    (void)receiver.feed({&c, 1});
    held = std::max(held, receiver.octets_held());
  }
  EXPECT_LE(held, 64u * 1024);
  EXPECT_EQ(both("a APPEND INBOX {4097}\r\nb NOOP\r\n", kLimitsBeforeLogin), "BAD(a TOOBIG)[b NOOP]");
}

// RFC 2971 §3.3: 30 pairs, with fields of 30 and values of 1,024 octets.
TEST(ImapReceiver, TakesTheLongestIdBeforeLogin) {
  std::string quoted = "a ID (", literals = quoted;
  for (int i = 0; i < 30; ++i) {
    std::string field = (i > 0 ? " \"" : "\"") + std::string(30, 'f') + "\" ";
    quoted += field + '"' + std::string(1024, 'v') + '"';
    literals += field + "{1024+}\r\n" + std::string(1024, 'v');
  }
  for (const std::string& text : {quoted + ")\r\n", literals + ")\r\n"}) {
    Receiver receiver(kLimitsBeforeLogin);
    EXPECT_EQ(receiver.feed(text).kind, Receiver::Result::command);
  }
}

TEST(ImapReceiver, GivesACommandAway) {
  Receiver receiver(kLimits);
  for (size_t octets : {5u, 600u, 5000u}) {
    const std::string append = "a APPEND x {" + std::to_string(octets) + "+}\r\n" + std::string(octets, 'x');
    ASSERT_EQ(receiver.feed(append + "\r\n").kind, Receiver::Result::command);
    EXPECT_EQ(receiver.take_command(), append);
    EXPECT_TRUE(receiver.empty());
    EXPECT_LE(receiver.octets_held(), 1024u);
  }
}

TEST(ImapReceiver, GivesBackWhatALargeCommandTook) {
  Receiver receiver(kLimits);
  std::string append = "a APPEND x {5000+}\r\n" + std::string(5000, 'x') + "\r\n";
  ASSERT_EQ(receiver.feed(append).kind, Receiver::Result::command);
  EXPECT_GE(receiver.octets_held(), 5000u);
  receiver.next();
  EXPECT_LE(receiver.octets_held(), 1024u);
  EXPECT_TRUE(receiver.empty());
}

TEST(ImapReceiver, LinesOfAnExchange) {
  Receiver receiver(kLimits);
  auto first = receiver.feed_line("AGZyZWQ=\r\nDONE\r\n", 20);
  EXPECT_EQ(first.kind, Receiver::Result::command);
  EXPECT_EQ(first.taken, 10u);
  EXPECT_EQ(receiver.command(), "AGZyZWQ=");
  EXPECT_EQ(receiver.feed_line("DO", 20).kind, Receiver::Result::more);
  EXPECT_EQ(receiver.feed_line("NE\n", 20).kind, Receiver::Result::command);
  EXPECT_EQ(receiver.command(), "DONE");
  EXPECT_EQ(receiver.feed_line("0123456789{5}\r\n", 13).kind, Receiver::Result::command);
  EXPECT_EQ(receiver.command(), "0123456789{5}");
  EXPECT_EQ(receiver.feed_line("0123456789{5}\r\n", 12).kind, Receiver::Result::broken);
  EXPECT_EQ(receiver.feed("a NOOP\r\n").kind, Receiver::Result::command);
  EXPECT_EQ(receiver.command(), "a NOOP");
}

}  // namespace
}  // namespace pabal::proto::imap

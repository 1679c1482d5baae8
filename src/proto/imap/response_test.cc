#include "proto/imap/response.h"

#include <gtest/gtest.h>

namespace pabal::proto::imap {
namespace {

std::string string_of(std::string_view text, bool utf8 = false) {
  std::string out;
  put_string(out, text, utf8);
  return out;
}
std::string astring_of(std::string_view text, bool utf8 = false) {
  std::string out;
  put_astring(out, text, utf8);
  return out;
}
std::string mailbox_of(std::string_view name, bool utf8 = false) {
  std::string out;
  put_mailbox(out, name, utf8);
  return out;
}
std::string flags_of(uint64_t flags, const std::vector<std::string>& keywords = {}) {
  std::string out;
  put_flags(out, flags, keywords);
  return out;
}
std::string date_of(Time time) {
  std::string out;
  put_internal_date(out, time);
  return out;
}

TEST(ImapString, IsQuotedWhereItCanBe) {
  EXPECT_EQ(string_of(""), "\"\"");
  EXPECT_EQ(string_of("IMAP4rev2 WG mtg"), "\"IMAP4rev2 WG mtg\"");
  EXPECT_EQ(string_of("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(string_of("two\r\nlines"), "{10}\r\ntwo\r\nlines");
  EXPECT_EQ(string_of(std::string(1001, 'x')), "{1001}\r\n" + std::string(1001, 'x'));
}

TEST(ImapString, EightBitIsQuotedForThoseWhoAskedForIt) {
  EXPECT_EQ(string_of("파발"), "{6}\r\n파발");
  EXPECT_EQ(string_of("파발", true), "\"파발\"");
  EXPECT_EQ(string_of("\xFF", true), "{1}\r\n\xFF");
}

TEST(ImapString, Nil) {
  std::string out;
  put_nstring(out, std::nullopt);
  put_nstring(out, "NIL");
  EXPECT_EQ(out, "NIL\"NIL\"");
}

TEST(ImapString, AstringIsAnAtomIfItCan) {
  EXPECT_EQ(astring_of("INBOX"), "INBOX");
  EXPECT_EQ(astring_of("a]b"), "a]b");
  EXPECT_EQ(astring_of(""), "\"\"");
  EXPECT_EQ(astring_of("nil"), "\"nil\"");
  for (const char* text : {"a b", "a(b", "a)b", "a{b", "a%b", "a*b", "a\x7F"}) {
    EXPECT_EQ(astring_of(text), '"' + std::string(text) + '"');
  }
  EXPECT_EQ(astring_of("파발", true), "\"파발\"");
}

TEST(ImapString, Literals) {
  std::string out;
  put_literal(out, "abc");
  put_literal8(out, std::string_view("\0\xFF", 2));
  EXPECT_EQ(out, std::string("{3}\r\nabc~{2}\r\n\0\xFF", 16));
}

// RFC 9051 §4.3: octets of an ordinary literal are never NUL; the length says the same.
TEST(ImapString, NulIsOfLiteral8Alone) {
  using namespace std::string_literals;
  std::string out;
  put_literal(out, "\0a\0\0b\0"s);
  EXPECT_EQ(out,
            "{6}\r\n\x80"
            "a\x80\x80"
            "b\x80");
  out.clear();
  put_string(out, "a\0b"s);
  put_string(out, "파\0b"s, true);
  EXPECT_EQ(out,
            "{3}\r\na\x80"
            "b{5}\r\n파\x80"
            "b");
}

TEST(ImapFlags, AreBitsAndKeywords) {
  EXPECT_EQ(flags_of(0), "");
  EXPECT_EQ(flags_of(1 | 8), "\\Seen \\Deleted");
  EXPECT_EQ(flags_of(31), "\\Seen \\Answered \\Flagged \\Deleted \\Draft");
  EXPECT_EQ(flags_of(2 | 1 << 9, {"$Junk", "$Forwarded"}), "\\Answered $Forwarded");
  EXPECT_EQ(flags_of(~uint64_t{0} << 8, {"a"}), "a");
}

TEST(ImapDate, IsUtcWithABlankBeforeOneDigit) {
  EXPECT_EQ(date_of({0}), "\" 1-Jan-1970 00:00:00 +0000\"");
  EXPECT_EQ(date_of({837'568'662'999}), "\"17-Jul-1996 01:57:42 +0000\"");
  EXPECT_EQ(date_of({-1}), "\"31-Dec-1969 23:59:59 +0000\"");
  EXPECT_EQ(date_of({INT64_MAX}), "\"31-Dec-9999 23:59:59 +0000\"");
  EXPECT_EQ(date_of({INT64_MIN}), "\" 1-Jan-0000 00:00:00 +0000\"");
}

// The examples of RFC 3501 §5.1.3 and some names of every length modulo three units.
TEST(ModifiedUtf7, BothWays) {
  const std::pair<std::string_view, std::string_view> names[] = {
      {"~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"},
      {"台北日本語", "&U,BTF2XlZyyKng-"},
      {"☺!", "&Jjo-!"},
      {"Q&A", "Q&-A"},
      {"&", "&-"},
      {"", ""},
      {"받은편지함", "&vBvHQNO4ycDVaA-"},
      {"📮", "&2D3c7g-"},
      {"a\tb", "a&AAk-b"},
      {"Entwürfe", "Entw&APw-rfe"},
  };
  for (const auto& [utf8, utf7] : names) {
    EXPECT_EQ(to_modified_utf7(utf8), utf7);
    EXPECT_EQ(from_modified_utf7(utf7), utf8);
  }
}

TEST(ModifiedUtf7, MalformedNamesAreNone) {
  for (std::string_view text : {"&", "&U,BTFw", "&Jjo!", "&U,BTFw-&ZeVnLIqe-", "&AGE-", "&2D0-", "&3O4-",
                                "&2D3YPQ-", "&Jjp-", "&JjoA-", "&A-", "a\tb", "파발", "&/-", "&Jjo=-"}) {
    EXPECT_EQ(from_modified_utf7(text), std::nullopt) << text;
  }
}

TEST(ModifiedUtf7, MalformedUtf8IsReplaced) {
  EXPECT_EQ(from_modified_utf7(to_modified_utf7("a\xFF\xC3z")), "a\uFFFD\uFFFDz");
}

TEST(ImapMailbox, NamesFollowTheCapability) {
  EXPECT_EQ(mailbox_of("INBOX"), "INBOX");
  EXPECT_EQ(mailbox_of("Sent Items"), "\"Sent Items\"");
  EXPECT_EQ(mailbox_of("받은편지함"), "&vBvHQNO4ycDVaA-");
  EXPECT_EQ(mailbox_of("받은편지함", true), "\"받은편지함\"");
  EXPECT_EQ(mailbox_of("Q&A"), "Q&-A");
  EXPECT_EQ(mailbox_of("Q&A", true), "Q&A");
}

}  // namespace
}  // namespace pabal::proto::imap

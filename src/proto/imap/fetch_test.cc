#include <gtest/gtest.h>

#include "proto/imap/response.h"
#include "proto/imap/test_parse.h"

namespace pabal::proto::imap {
namespace {

std::vector<FetchItem::Kind> kinds(const Fetch& fetch) {
  std::vector<FetchItem::Kind> out;
  for (const FetchItem& item : fetch.items) out.push_back(item.kind);
  return out;
}

// The one item, as the answer will name it.
std::string named(std::string_view item) {
  auto fetch = parsed<Fetch>("FETCH 1 " + std::string(item));
  return fetch.items.size() == 1 ? section_name(fetch.items[0]) : "not one item";
}

using F = FetchItem;

TEST(ImapFetch, SetsAndUid) {
  auto fetch = parsed<Fetch>("FETCH 2:4,9:* FLAGS");
  EXPECT_FALSE(fetch.uid);
  EXPECT_EQ(fetch.set.ranges, (std::vector<NumberRange>{{2, 4}, {9, kStar}}));
  fetch = parsed<Fetch>("UID FETCH 4827313:4828442 FLAGS");  // RFC 9051 §6.4.9
  EXPECT_TRUE(fetch.uid);
  EXPECT_TRUE(parsed<Fetch>("FETCH $ (UID)").set.saved);  // RFC 5182 §2.1
  EXPECT_EQ(refusal("FETCH x FLAGS"), "BAD FETCH needs a sequence set like 1:5, got \"x FLAGS\"");
  EXPECT_EQ(refusal("UID FETCH 0 FLAGS"), "BAD UID FETCH needs a set of UIDs like 101:205, got \"0 FLAGS\"");
  EXPECT_EQ(refusal("FETCH"), "BAD FETCH needs a sequence set like 1:5, but the command ends there");
  EXPECT_EQ(refusal("FETCH 1,2x FLAGS").substr(0, 3), "BAD");
}

// RFC 9051 §6.4.5
TEST(ImapFetch, Macros) {
  EXPECT_EQ(kinds(parsed<Fetch>("FETCH 1 FAST")), (std::vector{F::flags, F::internal_date, F::rfc822_size}));
  EXPECT_EQ(kinds(parsed<Fetch>("FETCH 1 all")),
            (std::vector{F::flags, F::internal_date, F::rfc822_size, F::envelope}));
  EXPECT_EQ(kinds(parsed<Fetch>("fetch 12 full")),
            (std::vector{F::flags, F::internal_date, F::rfc822_size, F::envelope, F::body}));
  EXPECT_EQ(refusal("FETCH 1 (FAST)"), "BAD FETCH: item FAST is not known");
}

TEST(ImapFetch, Items) {
  EXPECT_EQ(
      kinds(parsed<Fetch>("FETCH 1 (FLAGS UID INTERNALDATE RFC822.SIZE ENVELOPE BODY BODYSTRUCTURE MODSEQ "
                          "EMAILID THREADID SAVEDATE RFC822 RFC822.HEADER RFC822.TEXT)")),
      (std::vector{F::flags, F::uid, F::internal_date, F::rfc822_size, F::envelope, F::body,
                   F::body_structure, F::modseq, F::email_id, F::thread_id, F::save_date, F::rfc822,
                   F::rfc822_header, F::rfc822_text}));
  EXPECT_EQ(kinds(parsed<Fetch>("FETCH 1 ( flags  uid )")), (std::vector{F::flags, F::uid}));
  EXPECT_EQ(refusal("FETCH 1 ()"),
            "BAD FETCH needs items like (FLAGS ENVELOPE BODY.PEEK[]), the list is empty");
  EXPECT_EQ(refusal("FETCH 1 (FLAGS"), "BAD FETCH needs a space or \")\", but the command ends there");
  EXPECT_EQ(refusal("FETCH 1 FLAGS UID").substr(0, 3), "BAD");
  EXPECT_EQ(refusal("FETCH 1 FROB"), "BAD FETCH: item FROB is not known");
  std::string many = "FETCH 1 (FLAGS";
  for (int i = 0; i < 200; ++i) many += " UID";
  EXPECT_EQ(refusal(many + ")"), "NO [LIMIT] FETCH takes at most 200 items");
}

TEST(ImapFetch, WhatIsAskedForTwiceIsAnsweredOnce) {
  std::string many = "FETCH 1 (BODY.PEEK[] FLAGS";
  for (int i = 0; i < 150; ++i) many += " BODY.PEEK[]";
  EXPECT_EQ(kinds(parsed<Fetch>(many + ")")), (std::vector{F::body_section, F::flags}));
  // Of two that are answered alike, one that marks as read does so.
  auto fetch = parsed<Fetch>("FETCH 1 (BODY.PEEK[TEXT] BODY[TEXT] PREVIEW (LAZY) PREVIEW UID UID)");
  EXPECT_EQ(kinds(fetch), (std::vector{F::body_section, F::preview, F::uid}));
  EXPECT_FALSE(fetch.items[0].peek);
  // These are several answers.
  fetch = parsed<Fetch>(
      "FETCH 1 (BODY[]<0.1> BODY[]<0.2> BODY[]<1.1> BODY[1] BODY[TEXT] BINARY[1] BINARY.SIZE[1])");
  EXPECT_EQ(fetch.items.size(), 7u);
}

TEST(ImapFetch, Sections) {
  EXPECT_EQ(named("BODY[]"), "BODY[]");
  EXPECT_EQ(named("body[header]"), "BODY[HEADER]");
  EXPECT_EQ(named("BODY.PEEK[TEXT]<0.1024>"), "BODY[TEXT]<0>");
  EXPECT_EQ(named("BODY[1.2.3]"), "BODY[1.2.3]");
  EXPECT_EQ(named("BODY[4.1.MIME]"), "BODY[4.1.MIME]");
  EXPECT_EQ(named("BODY[4.2.HEADER]"), "BODY[4.2.HEADER]");
  // RFC 9051 §6.4.5 example
  auto fetch = parsed<Fetch>("FETCH 2:4 (FLAGS BODY[HEADER.FIELDS (DATE FROM)])");
  ASSERT_EQ(fetch.items.size(), 2u);
  EXPECT_EQ(fetch.items[1].section.what, Section::header_fields);
  EXPECT_EQ(fetch.items[1].section.fields, (std::vector<std::string>{"DATE", "FROM"}));
  EXPECT_FALSE(fetch.items[1].peek);
  fetch = parsed<Fetch>("FETCH 1 BODY.PEEK[1.2.HEADER.FIELDS.NOT (\"X A\" {1}\r\nb)]<10.20>");
  ASSERT_EQ(fetch.items.size(), 1u);
  const FetchItem& item = fetch.items[0];
  EXPECT_TRUE(item.peek);
  EXPECT_EQ(item.section.part, (std::vector<uint32_t>{1, 2}));
  EXPECT_EQ(item.section.what, Section::header_fields_not);
  EXPECT_EQ(item.section.fields, (std::vector<std::string>{"X A", "b"}));
  EXPECT_EQ(item.partial, (Partial{10, 20}));
}

TEST(ImapFetch, WrongSections) {
  for (std::string_view bad : {"BODY[",
                               "BODY[MIME]",
                               "BODY[0]",
                               "BODY[1.0]",
                               "BODY[1.]",
                               "BODY[.1]",
                               "BODY[1 ]",
                               "BODY[HEADER.FIELDS]",
                               "BODY[HEADER.FIELDS ()]",
                               "BODY[HEADER.FIELDS FROM]",
                               "BODY[FROB]",
                               "BODY[TEXT.1]",
                               "BODY[]<0>",
                               "BODY[]<0.0>",
                               "BODY[]<-1.2>",
                               "BODY[]<1.2",
                               "BODY[]<9223372036854775808.1>",
                               "BODY.PEEK",
                               "BODY.PEEK[",
                               "BODY[4294967296]",
                               "BODY[]x"})
    EXPECT_EQ(refusal("FETCH 1 " + std::string(bad)).substr(0, 3), "BAD") << bad;
  EXPECT_EQ(
      refusal("FETCH 1 BODY[MIME]"),
      "BAD FETCH: section \"MIME\" is not known; HEADER, HEADER.FIELDS (...), HEADER.FIELDS.NOT (...), TEXT "
      "and, behind a part number, MIME are");
  std::string deep = "FETCH 1 BODY[1";
  for (int i = 0; i < 100; ++i) deep += ".1";
  EXPECT_EQ(refusal(deep + "]"), "NO [LIMIT] FETCH takes at most 100 numbers in a section");
}

// RFC 3516 §4
TEST(ImapFetch, Binary) {
  auto fetch = parsed<Fetch>("FETCH 1 (BINARY[2.1]<0.100> BINARY.PEEK[] BINARY.SIZE[3])");
  ASSERT_EQ(fetch.items.size(), 3u);
  EXPECT_EQ(fetch.items[0].kind, F::binary);
  EXPECT_EQ(fetch.items[0].section.part, (std::vector<uint32_t>{2, 1}));
  EXPECT_EQ(fetch.items[0].partial, (Partial{0, 100}));
  EXPECT_TRUE(fetch.items[1].peek);
  EXPECT_EQ(fetch.items[2].kind, F::binary_size);
  for (std::string_view bad :
       {"BINARY", "BINARY[HEADER]", "BINARY[1.MIME]", "BINARY.SIZE[1]<0.1>", "BINARY[1.]"})
    EXPECT_EQ(refusal("FETCH 1 " + std::string(bad)).substr(0, 3), "BAD") << bad;
}

// RFC 8970 §3.2, §5
TEST(ImapFetch, Preview) {
  EXPECT_EQ(kinds(parsed<Fetch>("FETCH 1 (RFC822.SIZE PREVIEW)")), (std::vector{F::rfc822_size, F::preview}));
  EXPECT_EQ(kinds(parsed<Fetch>("FETCH 2:4 (PREVIEW (LAZY) UID)")), (std::vector{F::preview_lazy, F::uid}));
  auto fetch = parsed<Fetch>("FETCH 1 PREVIEW (CHANGEDSINCE 5)");
  EXPECT_EQ(kinds(fetch), (std::vector{F::preview}));
  EXPECT_EQ(fetch.changed_since, 5u);
  EXPECT_EQ(refusal("FETCH 1 (PREVIEW (FAST))").substr(0, 3), "BAD");
}

// RFC 7162 §3.1.4.1, §3.2.6; RFC 9394 §3.3
TEST(ImapFetch, Modifiers) {
  auto fetch = parsed<Fetch>("FETCH 1:* (FLAGS) (CHANGEDSINCE 12345)");
  EXPECT_EQ(fetch.changed_since, 12345u);
  EXPECT_FALSE(fetch.vanished);
  fetch = parsed<Fetch>("UID FETCH 300:500 (FLAGS) (CHANGEDSINCE 12345 VANISHED)");
  EXPECT_EQ(fetch.changed_since, 12345u);
  EXPECT_TRUE(fetch.vanished);
  fetch = parsed<Fetch>("UID FETCH 25900:26600 (UID FLAGS) (PARTIAL -1:-3)");
  ASSERT_TRUE(fetch.partial);
  EXPECT_TRUE(fetch.partial->from_end);
  EXPECT_EQ(fetch.partial->last, 3u);
  fetch = parsed<Fetch>("UID FETCH 25900:26600 (UID FLAGS) (PARTIAL 1:5 CHANGEDSINCE 98305)");
  ASSERT_TRUE(fetch.partial);
  EXPECT_EQ(fetch.changed_since, 98305u);
  EXPECT_EQ(refusal("FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)"),
            "BAD VANISHED is for UID FETCH ... (CHANGEDSINCE n VANISHED)");
  EXPECT_EQ(refusal("UID FETCH 1 FLAGS (VANISHED)").substr(0, 3), "BAD");
  EXPECT_EQ(refusal("FETCH 1 FLAGS (CHANGEDSINCE)"),
            "BAD FETCH needs a mod-sequence like CHANGEDSINCE 12345, got \")\"");
  EXPECT_EQ(refusal("FETCH 1 FLAGS (CHANGEDSINCE 9223372036854775808)").substr(0, 3), "BAD");
  EXPECT_EQ(refusal("FETCH 1 FLAGS (FROB)"),
            "BAD FETCH: modifier FROB is not known; CHANGEDSINCE, VANISHED and PARTIAL are");
}

}  // namespace
}  // namespace pabal::proto::imap

#include "proto/imap/url.h"

#include <gtest/gtest.h>

namespace pabal::proto::imap {
namespace {

Url parsed(std::string_view text) {
  auto url = parse_url(text);
  EXPECT_TRUE(url) << text;
  return url.value_or(Url{});
}

TEST(ImapUrl, RelativeOnesOfCatenate) {
  Url url = parsed("/Drafts;UIDVALIDITY=385759045/;UID=20/;section=HEADER");
  EXPECT_EQ(url.mailbox, "Drafts");
  EXPECT_EQ(url.uid_validity, 385759045u);
  EXPECT_EQ(url.uid, 20u);
  EXPECT_EQ(url.section, (Section{.what = Section::header}));
  EXPECT_EQ(url.host, "");
  EXPECT_EQ(parsed("/Drafts;UIDVALIDITY=385759045/;UID=20/;Section=2.MIME").section,
            (Section{{2}, Section::mime, {}}));
  EXPECT_EQ(parsed("/INBOX;UIDVALIDITY=785799047/;UID=113330/;section=1.5.9").section,
            (Section{{1, 5, 9}, Section::whole, {}}));
  url = parsed("/INBOX;UIDVALIDITY=785799047/;UID=11467");
  EXPECT_FALSE(url.section);
  EXPECT_FALSE(url.partial);
}

TEST(ImapUrl, OfTheSelectedMailbox) {
  Url url = parsed(";UID=7/;SECTION=TEXT/;PARTIAL=10");
  EXPECT_EQ(url.mailbox, "");
  EXPECT_EQ(url.uid, 7u);
  EXPECT_EQ(url.section, (Section{.what = Section::text}));
  EXPECT_EQ(url.partial, (Partial{10, UINT64_MAX}));
}

TEST(ImapUrl, AbsoluteOnes) {
  Url url = parsed("imap://minbari.example.org/gray-council;UIDVALIDITY=385759045/;UID=20/;PARTIAL=0.1024");
  EXPECT_EQ(url.host, "minbari.example.org");
  EXPECT_EQ(url.user, "");
  EXPECT_EQ(url.mailbox, "gray-council");
  EXPECT_EQ(url.partial, (Partial{0, 1024}));
  url = parsed(
      "IMAP://john%40x.test;AUTH=*@[2001:db8::1]:1143/a%20b/%EC%95%88;uidvalidity=1/;uid=20/;section=1.2");
  EXPECT_EQ(url.user, "john@x.test");
  EXPECT_EQ(url.host, "[2001:db8::1]");
  EXPECT_EQ(url.port, 1143);
  EXPECT_EQ(url.mailbox, "a b/안");
  EXPECT_EQ(parsed("imap://;AUTH=GSSAPI@minbari.example.org/gray-council/;uid=20/;section=1.2").user, "");
  EXPECT_EQ(parsed("//x.test/inbox/;uid=1").mailbox, "INBOX");
}

TEST(ImapUrl, SectionsArePercentEncoded) {
  Url url = parsed("/a/;UID=1/;SECTION=1.HEADER.FIELDS%20(FROM%20%22a%20b%22)");
  EXPECT_EQ(url.section, (Section{{1}, Section::header_fields, {"FROM", "a b"}}));
}

TEST(ImapUrl, Authorized) {
  std::string rump = "imap://joe@example.com/INBOX/;uid=20/;section=1.2;urlauth=submit+fred";
  Url url = parsed(rump);
  EXPECT_EQ(url.access, "submit+fred");
  EXPECT_EQ(url.mechanism, "");
  EXPECT_EQ(url.token, "");
  EXPECT_EQ(url.rump, rump);
  url = parsed(rump + ":internal:91354A473744909de610943775f92038");
  EXPECT_EQ(url.access, "submit+fred");
  EXPECT_EQ(url.mechanism, "INTERNAL");
  EXPECT_EQ(url.token, "91354a473744909de610943775f92038");
  EXPECT_EQ(url.rump, rump);
  EXPECT_EQ(parsed("imap://example.com/Shared/;uid=20/;section=1.2;urlauth=Anonymous").access, "anonymous");
  EXPECT_EQ(parsed("imap://example.com/S/;uid=20;urlauth=user+f%40x").access, "user+f@x");
}

TEST(ImapUrl, Expire) {
  auto expire = [](std::string_view time) {
    return parse_url("imap://joe@x.test/INBOX/;uid=20;EXPIRE=" + std::string(time) + ";URLAUTH=authuser");
  };
  EXPECT_EQ(expire("2000-12-31T16:01:33-08:00")->expire, Time{978'307'293'000});
  EXPECT_EQ(expire("2001-01-01t00:01:33.25z")->expire, Time{978'307'293'000});
  for (const char* time :
       {"", "2001-01-01", "2001-13-01T00:00:00Z", "2001-01-01T24:00:00Z", "2001-01-01T00:00:00",
        "2001-01-01T00:00:00.Z", "2001-01-01T00:00:00+9", "2001-01-01T00:00:00Zx"}) {
    EXPECT_FALSE(expire(time)) << time;
  }
}

TEST(ImapUrl, WhatIsNone) {
  for (const char* text : {"",
                           "/",
                           "/INBOX",
                           "INBOX/;UID=1",
                           "imap://",
                           "imap://x.test",
                           "imap://x.test/",
                           "imap://x.test/INBOX",
                           "imap:///INBOX/;UID=1",
                           "http://x.test/INBOX/;UID=1",
                           "/;UID=1",
                           "/INBOX;UID=1",
                           "/INBOX/;UID=0",
                           "/INBOX/;UID=4294967296",
                           "/INBOX/;UID=1/",
                           "/INBOX/;UID=1/;UID=2",
                           "/INBOX/;UID=1;SECTION=1",
                           "/INBOX/;UID=1/;SECTION=",
                           "/INBOX/;UID=1/;SECTION=x",
                           "/INBOX/;UID=1/;SECTION=1]%3C0.1%3E",
                           "/INBOX/;UID=1/;PARTIAL=x",
                           "/INBOX/;UID=1/;PARTIAL=0.0",
                           "/INBOX/;UIDVALIDITY=1/;UID=1",
                           "/INBOX;UIDVALIDITY=0/;UID=1",
                           "/IN%4/;UID=1",
                           "/IN%zz/;UID=1",
                           "/%FF/;UID=1",
                           "/a b/;UID=1",
                           "/a?b/;UID=1",
                           "/INBOX/;UID=1;URLAUTH=authuser",
                           "imap://x.test:99999/INBOX/;UID=1",
                           "imap://x.test/INBOX/;UID=1;URLAUTH=nobody",
                           "imap://x.test/INBOX/;UID=1;URLAUTH=user+",
                           "imap://x.test/INBOX/;UID=1;URLAUTH=authuser:INTERNAL",
                           "imap://x.test/INBOX/;UID=1;URLAUTH=authuser:INTERNAL:123",
                           "imap://x.test/INBOX/;UID=1;URLAUTH=authuser::91354a473744909de610943775f92038",
                           "imap://x.test/INBOX/;UID=1;EXPIRE=2001-01-01T00:00:00Z",
                           "/INBOX/;UID=1/;FOO=1"}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
}

}  // namespace
}  // namespace pabal::proto::imap

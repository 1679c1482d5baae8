// STORE, COPY, MOVE, EXPUNGE.
#include <gtest/gtest.h>

#include "proto/imap/test_parse.h"

namespace pabal::proto::imap {
namespace {

using Flags = std::vector<std::string>;

TEST(ImapStore, Modes) {
  auto store = parsed<Store>("STORE 2:4 +FLAGS (\\Deleted)");  // RFC 9051 §6.4.6
  EXPECT_EQ(store.mode, Store::add);
  EXPECT_FALSE(store.silent);
  EXPECT_EQ(store.flags, Flags{"\\Deleted"});
  store = parsed<Store>("uid store 1 -flags.silent (\\Seen $Junk)");
  EXPECT_TRUE(store.uid);
  EXPECT_TRUE(store.silent);
  EXPECT_EQ(store.mode, Store::remove);
  EXPECT_EQ(store.flags, (Flags{"\\Seen", "$Junk"}));
  store = parsed<Store>("STORE 1 FLAGS ()");
  EXPECT_EQ(store.mode, Store::replace);
  EXPECT_TRUE(store.flags.empty());
  EXPECT_EQ(parsed<Store>("store 12 +flags \\deleted").flags, Flags{"\\deleted"});  // RFC 9051 §8
  EXPECT_EQ(parsed<Store>("STORE $ +FLAGS \\Flagged work ").flags, (Flags{"\\Flagged", "work"}));
  EXPECT_EQ(parsed<Store>("STORE 1 FLAGS ( \\Seen )").flags, Flags{"\\Seen"});
}

// RFC 7162 §3.1.3
TEST(ImapStore, UnchangedSince) {
  auto store = parsed<Store>("STORE 7,5,9 (UNCHANGEDSINCE 320162338) +FLAGS.SILENT (\\Deleted)");
  EXPECT_EQ(store.unchanged_since, 320162338u);
  EXPECT_TRUE(store.silent);
  EXPECT_EQ(parsed<Store>("STORE 12 (UNCHANGEDSINCE 0) +FLAGS.SILENT ($MDNSent)").unchanged_since, 0u);
  EXPECT_EQ(refusal("STORE 1 (UNCHANGEDSINCE) FLAGS ()").substr(0, 3), "BAD");
  EXPECT_EQ(refusal("STORE 1 (UNCHANGEDSINCE 1 UNCHANGEDSINCE 2) FLAGS ()").substr(0, 3), "BAD");
  EXPECT_EQ(refusal("STORE 1 (FROB) FLAGS ()"),
            "BAD STORE needs a modifier like (UNCHANGEDSINCE 12345), got \"FROB) FLAGS ()\"");
}

TEST(ImapStore, Wrong) {
  EXPECT_EQ(refusal("STORE 1"),
            "BAD STORE needs FLAGS, +FLAGS or -FLAGS, with .SILENT or without, but the command ends there");
  EXPECT_EQ(refusal("STORE 1 FLAGS"), "BAD STORE needs flags like (\\Seen), but the command ends there");
  for (std::string_view bad :
       {"*FLAGS (a)", "+FLAG (a)", "FLAGSX (a)", "FLAGS.LOUD (a)", "FLAGS (a", "FLAGS (\\)", "FLAGS (\\*)",
        "FLAGS (a]b)", "FLAGS (\"a\")", "FLAGS (a) b", "FLAGS \xea\xb0\x80", "+ FLAGS (a)"})
    EXPECT_EQ(refusal("STORE 1 " + std::string(bad)).substr(0, 3), "BAD") << bad;
  EXPECT_EQ(refusal("STORE 1 FLAGS " + std::string(256, 'x')),
            "NO [LIMIT] STORE: a flag has at most 255 octets");
  std::string many = "STORE 1 FLAGS";
  for (int i = 0; i < 201; ++i) many += " k";
  EXPECT_EQ(refusal(many), "NO [LIMIT] STORE takes at most 200 flags");
}

// RFC 9051 §6.4.7, RFC 6851 §4
TEST(ImapStore, CopyAndMove) {
  auto copy = parsed<Copy>("COPY 2:4 MEETING");
  EXPECT_FALSE(copy.move);
  EXPECT_EQ(copy.mailbox, "MEETING");
  copy = parsed<Copy>("UID MOVE 42:69 foo");
  EXPECT_TRUE(copy.move);
  EXPECT_TRUE(copy.uid);
  EXPECT_EQ(copy.set.ranges, (std::vector<NumberRange>{{42, 69}}));
  EXPECT_TRUE(parsed<Copy>("MOVE $ \"Other Messages\"").set.saved);
  EXPECT_EQ(refusal("COPY 2:4"), "BAD COPY needs a mailbox name like INBOX, but the command ends there");
  EXPECT_EQ(refusal("COPY Drafts"), "BAD COPY needs a sequence set like 1:5, got \"Drafts\"");
}

// RFC 4315 §2.1
TEST(ImapStore, Expunge) {
  EXPECT_FALSE(parsed<Expunge>("EXPUNGE").uids);
  auto expunge = parsed<Expunge>("UID EXPUNGE 3000:3002");
  ASSERT_TRUE(expunge.uids);
  EXPECT_EQ(expunge.uids->ranges, (std::vector<NumberRange>{{3000, 3002}}));
  EXPECT_EQ(refusal("EXPUNGE 1:2").substr(0, 3), "BAD");
  EXPECT_EQ(refusal("UID EXPUNGE").substr(0, 3), "BAD");
}

}  // namespace
}  // namespace pabal::proto::imap

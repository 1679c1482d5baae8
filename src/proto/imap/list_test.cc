#include <gtest/gtest.h>

#include "proto/imap/test_parse.h"

namespace pabal::proto::imap {
namespace {

using Strings = std::vector<std::string>;

// RFC 9051 §6.3.9, RFC 3501 §6.3.8 and §6.3.9
TEST(ImapList, Plain) {
  auto list = parsed<List>("LIST \"\" \"\"");
  EXPECT_FALSE(list.extended);
  EXPECT_EQ(list.reference, "");
  EXPECT_EQ(list.patterns, Strings{""});
  list = parsed<List>("LIST #news.comp.mail.misc \"\"");
  EXPECT_EQ(list.reference, "#news.comp.mail.misc");
  EXPECT_EQ(parsed<List>("LIST ~/Mail/ %").patterns, Strings{"%"});
  EXPECT_EQ(parsed<List>("LIST \"\" *").patterns, Strings{"*"});
  EXPECT_EQ(parsed<List>("LIST \"\" \"&ZeVnLIqe-/%\"").patterns,
            Strings{"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e/%"});
  EXPECT_EQ(parsed<List>("LIST \"\" inbox").patterns, Strings{"INBOX"});
  list = parsed<List>("LSUB \"#news.\" \"comp.mail.*\"");
  EXPECT_TRUE(list.lsub);
  EXPECT_EQ(list.patterns, Strings{"comp.mail.*"});
}

// RFC 5258 §5
TEST(ImapList, SelectionOptions) {
  auto list = parsed<List>("LIST (SUBSCRIBED) \"\" \"*\"");
  EXPECT_TRUE(list.extended);
  EXPECT_TRUE(list.only_subscribed);
  list = parsed<List>("LIST (REMOTE) \"\" \"%\" RETURN (SUBSCRIBED CHILDREN)");
  EXPECT_TRUE(list.remote);
  EXPECT_TRUE(list.returns.subscribed);
  EXPECT_TRUE(list.returns.children);
  list = parsed<List>("LIST (SUBSCRIBED RECURSIVEMATCH) \"\" \"%\"");
  EXPECT_TRUE(list.recursive_match);
  list = parsed<List>("LIST (RECURSIVEMATCH SUBSCRIBED) \"\" \"%\" RETURN (CHILDREN)");
  EXPECT_TRUE(list.recursive_match);
  EXPECT_TRUE(parsed<List>("LIST () \"\" \"%\"").extended);
  EXPECT_TRUE(parsed<List>("LIST (SPECIAL-USE) \"\" *").only_special_use);  // RFC 6154 §5.1
  EXPECT_EQ(refusal("LIST (RECURSIVEMATCH) \"\" %"),
            "BAD LIST: RECURSIVEMATCH needs another option beside it, like (SUBSCRIBED RECURSIVEMATCH)");
  EXPECT_EQ(refusal("LIST (REMOTE RECURSIVEMATCH) \"\" %").substr(0, 3), "BAD");
  EXPECT_EQ(
      refusal("LIST (FROB) \"\" %"),
      "BAD LIST: selection option FROB is not known; SUBSCRIBED, REMOTE, RECURSIVEMATCH and SPECIAL-USE are");
}

TEST(ImapList, Patterns) {
  auto list = parsed<List>("LIST \"\" (INBOX Drafts \"Sent/%\")");
  EXPECT_TRUE(list.extended);
  EXPECT_EQ(list.patterns, (Strings{"INBOX", "Drafts", "Sent/%"}));
  EXPECT_EQ(refusal("LIST \"\" ()"), "BAD LIST needs patterns like (INBOX Archive/%), the list is empty");
  EXPECT_EQ(refusal("LSUB \"\" (a b)").substr(0, 3), "BAD");
}

TEST(ImapList, ReturnOptions) {
  auto list = parsed<List>("LIST \"\" % RETURN ()");
  EXPECT_TRUE(list.extended);
  // RFC 5819 §2
  list = parsed<List>("LIST \"\" % RETURN (STATUS (MESSAGES UNSEEN))");
  EXPECT_EQ(list.returns.status, (std::vector{StatusItem::messages, StatusItem::unseen}));
  // RFC 8440 §4
  EXPECT_TRUE(parsed<List>("LIST \"\" % RETURN (MYRIGHTS)").returns.my_rights);
  // RFC 9590 §4
  list = parsed<List>("LIST \"\" % RETURN (METADATA (\"/shared/vendor/cmu/cyrus-imapd/color\"))");
  EXPECT_EQ(list.returns.metadata, Strings{"/shared/vendor/cmu/cyrus-imapd/color"});
  list = parsed<List>(
      "LIST (SPECIAL-USE) \"\" % RETURN (STATUS (SIZE) MYRIGHTS SPECIAL-USE METADATA (/private/a "
      "/shared/b))");
  EXPECT_TRUE(list.returns.special_use);
  EXPECT_TRUE(list.returns.my_rights);
  EXPECT_EQ(list.returns.metadata.size(), 2u);
  EXPECT_EQ(refusal("LIST \"\" % RETURN"),
            "BAD LIST needs return options like RETURN (CHILDREN), but the command ends there");
  EXPECT_EQ(refusal("LIST \"\" % RETURN (STATUS)").substr(0, 3), "BAD");
  EXPECT_EQ(refusal("LIST \"\" % RETURN (FROB)").substr(0, 3), "BAD");
  EXPECT_EQ(refusal("LIST \"\" % FROB").substr(0, 3), "BAD");
}

TEST(ImapList, Wrong) {
  EXPECT_EQ(refusal("LIST"),
            "BAD LIST needs a reference and a pattern: LIST \"\" *, but the command ends there");
  EXPECT_EQ(refusal("LIST \"\""),
            "BAD LIST needs a pattern behind the reference: LIST \"\" *, but the command ends there");
  EXPECT_EQ(refusal("LIST \"\" % x").substr(0, 3), "BAD");
  EXPECT_EQ(refusal("LIST \"\" \"& \"").substr(0, 11), "NO [CANNOT]");
  std::string many = "LIST \"\" (";
  for (int i = 0; i < 201; ++i) many += "a ";
  EXPECT_EQ(refusal(many + ")"), "NO [LIMIT] LIST takes at most 200 patterns");
}

}  // namespace
}  // namespace pabal::proto::imap

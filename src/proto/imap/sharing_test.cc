// ACL, quota, METADATA, NOTIFY, URLAUTH.
#include <gtest/gtest.h>

#include "proto/imap/test_parse.h"

namespace pabal::proto::imap {
namespace {

using Strings = std::vector<std::string>;

// RFC 4314 §3
TEST(ImapAcl, Examples) {
  auto set = parsed<SetAcl>("SETACL INBOX/Drafts Byron +cda");
  EXPECT_EQ(set.mailbox, "INBOX/Drafts");
  EXPECT_EQ(set.identifier, "Byron");
  EXPECT_EQ(set.mode, '+');
  EXPECT_EQ(set.rights, "cda");
  EXPECT_EQ(parsed<SetAcl>("SETACL INBOX/Drafts \"Chris\" \"-x\"").mode, '-');
  EXPECT_EQ(parsed<SetAcl>("SETACL INBOX/Drafts John lrswicda").mode, 0);
  EXPECT_EQ(refusal("SETACL INBOX/Drafts John lrQswicda"),
            "BAD SETACL: rights are lower-case letters and digits, like lrswi, +te or -x");
  EXPECT_EQ(parsed<SetAcl>("SETACL a b \"\"").rights, "");
  EXPECT_EQ(parsed<GetAcl>("GETACL INBOX/Drafts").mailbox, "INBOX/Drafts");
  EXPECT_EQ(parsed<DeleteAcl>("DELETEACL INBOX Fred").identifier, "Fred");
  EXPECT_EQ(parsed<ListRights>("LISTRIGHTS ~/Mail/saved smith").identifier, "smith");
  EXPECT_EQ(parsed<MyRights>("MYRIGHTS INBOX").mailbox, "INBOX");
  EXPECT_EQ(refusal("SETACL INBOX alice"),
            "BAD SETACL needs rights like lrswi, +te or -x, but the command ends there");
  EXPECT_EQ(refusal("SETACL INBOX"),
            "BAD SETACL needs an identifier like alice, behind the mailbox name, but the command ends there");
  EXPECT_EQ(refusal("SETACL a b +-x").substr(0, 3), "BAD");
  EXPECT_EQ(refusal("GETACL").substr(0, 3), "BAD");
  EXPECT_EQ(refusal("MYRIGHTS a b").substr(0, 3), "BAD");
}

// RFC 9208 §4.1
TEST(ImapQuota, Examples) {
  EXPECT_EQ(parsed<GetQuota>("GETQUOTA \"!partition/sda4\"").root, "!partition/sda4");
  EXPECT_EQ(parsed<GetQuota>("GETQUOTA \"\"").root, "");
  EXPECT_EQ(parsed<GetQuotaRoot>("GETQUOTAROOT inbox").mailbox, "INBOX");
  auto set = parsed<SetQuota>("SETQUOTA \"#user/alice\" (STORAGE 510 message 1000)");
  EXPECT_EQ(set.root, "#user/alice");
  ASSERT_EQ(set.limits.size(), 2u);
  EXPECT_EQ(set.limits[0], (std::pair<std::string, uint64_t>("STORAGE", 510)));
  EXPECT_EQ(set.limits[1], (std::pair<std::string, uint64_t>("MESSAGE", 1000)));
  EXPECT_TRUE(parsed<SetQuota>("SETQUOTA \"\" ()").limits.empty());
  for (std::string_view bad :
       {"SETQUOTA", "SETQUOTA a", "SETQUOTA a STORAGE 1", "SETQUOTA a (STORAGE)", "SETQUOTA a (STORAGE x)",
        "SETQUOTA a (STORAGE 9223372036854775808)", "GETQUOTA"})
    EXPECT_EQ(refusal(bad).substr(0, 3), "BAD") << bad;
}

// RFC 5464 §4.2, with its options on both sides of the mailbox name
TEST(ImapMetadata, Get) {
  auto get = parsed<GetMetadata>("GETMETADATA \"\" /shared/comment");
  EXPECT_EQ(get.mailbox, "");
  EXPECT_EQ(get.entries, Strings{"/shared/comment"});
  EXPECT_EQ(parsed<GetMetadata>("GETMETADATA \"INBOX\" (/shared/comment /private/comment)").entries.size(),
            2u);
  EXPECT_EQ(parsed<GetMetadata>("GETMETADATA \"INBOX\" /shared/comment /private/comment").entries.size(), 2u);
  get = parsed<GetMetadata>("GETMETADATA \"INBOX\" (MAXSIZE 1024) (/shared/comment /private/comment)");
  EXPECT_EQ(get.max_size, 1024u);
  EXPECT_EQ(get.entries.size(), 2u);
  get = parsed<GetMetadata>("GETMETADATA (DEPTH 1 MAXSIZE 5) \"INBOX\" (\"/private/filters/values\")");
  EXPECT_EQ(get.depth, 1);
  EXPECT_EQ(get.max_size, 5u);
  EXPECT_EQ(parsed<GetMetadata>("GETMETADATA INBOX (depth infinity) /private/x").depth, -1);
  EXPECT_EQ(parsed<GetMetadata>("GETMETADATA INBOX ({10}\r\n/private/x)").entries, Strings{"/private/x"});
  EXPECT_EQ(refusal("GETMETADATA INBOX comment"),
            "BAD GETMETADATA: an entry is written /private/comment, without * and %");
  for (std::string_view bad : {"", " INBOX", " INBOX ()", " INBOX (/a/*)", " INBOX \"/a/%\"", " INBOX /a//b",
                               " INBOX /a/", " (DEPTH 2) INBOX /a", " INBOX (MAXSIZE x) /a",
                               " INBOX (MAXSIZE 1)", " (FROB) INBOX /a", " INBOX (/a"})
    EXPECT_EQ(refusal("GETMETADATA" + std::string(bad)).substr(0, 3), "BAD") << bad;
}

// RFC 5464 §4.3
TEST(ImapMetadata, Set) {
  using namespace std::string_literals;
  auto set =
      parsed<SetMetadata>("SETMETADATA INBOX (/private/comment {33}\r\nMy new comment across\r\ntwo lines.)");
  ASSERT_EQ(set.entries.size(), 1u);
  EXPECT_EQ(set.entries[0].second, "My new comment across\r\ntwo lines.");
  EXPECT_FALSE(parsed<SetMetadata>("SETMETADATA INBOX (/private/comment NIL)").entries.at(0).second);
  set = parsed<SetMetadata>(
      "SETMETADATA INBOX (/private/comment \"My new comment\" /shared/comment \"This one is for you!\")");
  ASSERT_EQ(set.entries.size(), 2u);
  EXPECT_EQ(set.entries[1].first, "/shared/comment");
  EXPECT_EQ(parsed<SetMetadata>("SETMETADATA x (/private/b ~{3}\r\na\0b)"s).entries.at(0).second, "a\0b"s);
  for (std::string_view bad :
       {"", " x", " x ()", " x (/a)", " x (/a b)", " x /a \"b\"", " x (a \"b\")", " x (/a \"b\""})
    EXPECT_EQ(refusal("SETMETADATA" + std::string(bad)).substr(0, 3), "BAD") << bad;
}

// RFC 5465 §3, §6 and §8
TEST(ImapNotify, Examples) {
  EXPECT_FALSE(parsed<Notify>("NOTIFY NONE").set);
  auto notify = parsed<Notify>(
      "notify set status (selected MessageNew (uid body.peek[header.fields (from to subject)]) "
      "MessageExpunge) "
      "(subtree Lists MessageNew)");
  EXPECT_TRUE(notify.set);
  EXPECT_TRUE(notify.status);
  ASSERT_EQ(notify.groups.size(), 2u);
  EXPECT_EQ(notify.groups[0].filter.kind, MailboxFilter::selected);
  EXPECT_EQ(notify.groups[0].events, (Strings{"MESSAGENEW", "MESSAGEEXPUNGE"}));
  EXPECT_EQ(notify.groups[0].message_new_items.size(), 2u);
  EXPECT_EQ(notify.groups[1].filter.kind, MailboxFilter::subtree);
  EXPECT_EQ(notify.groups[1].filter.mailboxes, Strings{"Lists"});
  notify = parsed<Notify>(
      "NOTIFY SET (mailboxes (INBOX \"a b\") (Messagenew messageExpunge)) (personal (SubscriptionChange)) "
      "(selected-delayed NONE) (inboxes (MailboxName FlagChange)) (subscribed NONE) (subtree (a b) NONE)");
  ASSERT_EQ(notify.groups.size(), 6u);
  EXPECT_FALSE(notify.status);
  EXPECT_EQ(notify.groups[0].filter.mailboxes, (Strings{"INBOX", "a b"}));
  EXPECT_TRUE(notify.groups[2].none);
  EXPECT_EQ(notify.groups[3].events, (Strings{"MAILBOXNAME", "FLAGCHANGE"}));
}

TEST(ImapNotify, Wrong) {
  EXPECT_EQ(refusal("NOTIFY"), "BAD NOTIFY needs SET or NONE, but the command ends there");
  for (std::string_view bad :
       {"FROB", "NONE x", "SET", "SET STATUS", "SET ()", "SET (selected)", "SET (selected ())",
        "SET (frob NONE)", "SET (selected (MailboxName))", "SET (personal (MessageNew (uid)))",
        "SET (mailboxes NONE)", "SET selected NONE", "SET (selected NONE) (selected-delayed NONE)",
        "SET (subtree-one a NONE)", "SET (selected (MessageNew (frob)))", "SET (selected NONE",
        "SET (selected NONE) STATUS"})
    EXPECT_EQ(refusal("NOTIFY " + std::string(bad)).substr(0, 3), "BAD") << bad;
  std::string many = "NOTIFY SET";
  for (int i = 0; i < 201; ++i) many += " (personal NONE)";
  EXPECT_EQ(refusal(many), "NO [LIMIT] NOTIFY takes at most 200 groups");
}

// RFC 4467 §7
TEST(ImapUrlAuth, Examples) {
  auto gen = parsed<GenUrlAuth>(
      "GENURLAUTH \"imap://joe@example.com/INBOX/;uid=20/;section=1.2;urlauth=submit+fred\" INTERNAL");
  ASSERT_EQ(gen.urls.size(), 1u);
  EXPECT_EQ(gen.urls[0].first, "imap://joe@example.com/INBOX/;uid=20/;section=1.2;urlauth=submit+fred");
  EXPECT_EQ(gen.urls[0].second, "INTERNAL");
  EXPECT_EQ(parsed<GenUrlAuth>("GENURLAUTH a internal b INTERNAL").urls.size(), 2u);
  EXPECT_EQ(parsed<UrlFetch>("URLFETCH \"imap://a\" \"imap://b\"").urls, (Strings{"imap://a", "imap://b"}));
  EXPECT_EQ(parsed<ResetKey>("RESETKEY").mailbox, "");
  auto reset = parsed<ResetKey>("RESETKEY inbox internal XSAMPLE");
  EXPECT_EQ(reset.mailbox, "INBOX");
  EXPECT_EQ(reset.mechanisms, (Strings{"INTERNAL", "XSAMPLE"}));
  for (std::string_view bad :
       {"GENURLAUTH", "GENURLAUTH a", "GENURLAUTH a INTERNAL b", "URLFETCH", "RESETKEY a (b)"})
    EXPECT_EQ(refusal(bad).substr(0, 3), "BAD") << bad;
}

}  // namespace
}  // namespace pabal::proto::imap

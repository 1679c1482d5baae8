// SELECT, CREATE, DELETE, RENAME, SUBSCRIBE, STATUS, and mailbox names.
#include <gtest/gtest.h>

#include "proto/imap/test_parse.h"

namespace pabal::proto::imap {
namespace {

TEST(ImapMailboxName, IsUtf8WithinTheServer) {
  EXPECT_EQ(parsed<Select>("SELECT inBox").mailbox, "INBOX");
  EXPECT_EQ(parsed<Select>("SELECT \"inbox\"").mailbox, "INBOX");
  EXPECT_EQ(parsed<Select>("SELECT inbox/sub").mailbox, "inbox/sub");
  // RFC 3501 §5.1.3
  EXPECT_EQ(parsed<Select>("SELECT ~peter/mail/&U,BTFw-/&ZeVnLIqe-").mailbox,
            "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e");
  EXPECT_EQ(parsed<Select>("SELECT \"A &- B\"").mailbox, "A & B");
  EXPECT_EQ(parsed<Select>("SELECT {5}\r\na b]c").mailbox, "a b]c");
  EXPECT_EQ(refusal("SELECT \"a & b\"").substr(0, 11), "NO [CANNOT]");
  EXPECT_EQ(refusal("SELECT \"\xea\xb0\x80\"").substr(0, 11), "NO [CANNOT]");
  // RFC 6855 §3, RFC 9051 §5.1
  EXPECT_EQ(parsed<Select>("SELECT \"\xea\xb0\x80 & x\"", true).mailbox, "\xea\xb0\x80 & x");
  EXPECT_EQ(parsed<Select>("SELECT &ZeVnLIqe-", true).mailbox, "&ZeVnLIqe-");
  EXPECT_EQ(refusal("SELECT \"\xff\"", true), "NO [CANNOT] The mailbox name is not well-formed UTF-8");
}

TEST(ImapSelect, Parameters) {
  EXPECT_FALSE(parsed<Select>("SELECT INBOX").examine);
  EXPECT_TRUE(parsed<Select>("EXAMINE INBOX").examine);
  EXPECT_TRUE(parsed<Select>("SELECT INBOX (CONDSTORE)").condstore);  // RFC 7162 §3.1.8
  EXPECT_EQ(refusal("SELECT"), "BAD SELECT needs a mailbox name like INBOX, but the command ends there");
  EXPECT_EQ(refusal("SELECT INBOX (FROB)"),
            "BAD SELECT: parameter FROB is not known; CONDSTORE and QRESYNC are");
  EXPECT_EQ(refusal("SELECT INBOX CONDSTORE").substr(0, 3), "BAD");
  EXPECT_EQ(refusal("SELECT (x)").substr(0, 3), "BAD");
}

// RFC 7162 §3.2.5
TEST(ImapSelect, Qresync) {
  auto select = parsed<Select>("SELECT INBOX (QRESYNC (67890007 20050715194045000 41,43:211,214:541))");
  ASSERT_TRUE(select.qresync);
  EXPECT_EQ(select.qresync->uid_validity, 67890007u);
  EXPECT_EQ(select.qresync->modseq, 20050715194045000u);
  EXPECT_EQ(select.qresync->known_uids, (std::vector<NumberRange>{{41, 41}, {43, 211}, {214, 541}}));
  EXPECT_TRUE(select.qresync->known_numbers.empty());

  select = parsed<Select>(
      "SELECT INBOX (QRESYNC (67890007 90060115194045000 41:211,214:541 (1,3:5 41,50:52)) CONDSTORE)");
  ASSERT_TRUE(select.qresync);
  EXPECT_EQ(select.qresync->known_numbers, (std::vector<NumberRange>{{1, 1}, {3, 5}}));
  EXPECT_EQ(select.qresync->known_number_uids, (std::vector<NumberRange>{{41, 41}, {50, 52}}));

  select = parsed<Select>("EXAMINE x (qresync (1 2))");
  ASSERT_TRUE(select.qresync);
  EXPECT_FALSE(select.qresync->known_uids);
  select = parsed<Select>("SELECT x (QRESYNC (1 2 (1 5)))");
  ASSERT_TRUE(select.qresync);
  EXPECT_FALSE(select.qresync->known_uids);
  EXPECT_EQ(select.qresync->known_numbers, (std::vector<NumberRange>{{1, 1}}));
  EXPECT_EQ(parsed<Select>("SELECT x (QRESYNC (1 2 7:5,1:3,4))").qresync->known_uids,
            (std::vector<NumberRange>{{1, 7}}));
}

TEST(ImapSelect, WrongQresync) {
  for (std::string_view bad :
       {"QRESYNC", "QRESYNC ()", "QRESYNC (0 1)", "QRESYNC (1)", "QRESYNC (1 0)", "QRESYNC (1 2 *)",
        "QRESYNC (1 2 1:*)", "QRESYNC (1 2 $)", "QRESYNC (1 2 3 (1:* 1:2))", "QRESYNC (1 2 3 (1:3 1:2))",
        "QRESYNC (1 2 3 (3,1 1:2))", "QRESYNC (1 2 3 (1 1) 4)", "QRESYNC (1 2 3 (1)",
        "QRESYNC (4294967296 1)", "QRESYNC (1 2) QRESYNC (1 2)"})
    EXPECT_EQ(refusal("SELECT x (" + std::string(bad) + ")").substr(0, 3), "BAD") << bad;
  EXPECT_EQ(refusal("SELECT x (QRESYNC (1 2 1:*))"),
            "BAD SELECT: sets of QRESYNC have neither * nor $ in them");
}

// RFC 9051 §6.3.4 to §6.3.8, RFC 6154 §5.2 to §5.4
TEST(ImapMailboxes, CreateDeleteRenameSubscribe) {
  EXPECT_EQ(parsed<Create>("CREATE owatagusiam/").mailbox, "owatagusiam/");
  auto create = parsed<Create>("CREATE MySpecial (USE (\\Drafts \\Sent))");
  EXPECT_EQ(create.special_use, (std::vector<std::string>{"\\Drafts", "\\Sent"}));
  EXPECT_TRUE(parsed<Create>("CREATE x (USE ())").special_use.empty());
  EXPECT_EQ(refusal("CREATE x (FROB (a))"), "BAD CREATE: parameter FROB is not known; USE is");
  EXPECT_EQ(refusal("CREATE x (USE (Sent))").substr(0, 3), "BAD");
  EXPECT_EQ(refusal("CREATE"), "BAD CREATE needs a mailbox name like INBOX, but the command ends there");
  EXPECT_EQ(parsed<Delete>("DELETE foo/bar").mailbox, "foo/bar");
  auto rename = parsed<Rename>("RENAME INBOX old-mail");
  EXPECT_EQ(rename.from, "INBOX");
  EXPECT_EQ(rename.to, "old-mail");
  EXPECT_EQ(refusal("RENAME blurdybloop"),
            "BAD RENAME needs a new mailbox name behind the old one, but the command ends there");
  EXPECT_FALSE(parsed<Subscribe>("SUBSCRIBE #news.comp.mail.mime").unsubscribe);
  EXPECT_TRUE(parsed<Subscribe>("UNSUBSCRIBE #news.comp.mail.mime").unsubscribe);
}

TEST(ImapStatus, Items) {
  auto status = parsed<Status>("STATUS blurdybloop (UIDNEXT MESSAGES)");  // RFC 9051 §6.3.11
  EXPECT_EQ(status.mailbox, "blurdybloop");
  EXPECT_EQ(status.items, (std::vector{StatusItem::uid_next, StatusItem::messages}));
  EXPECT_EQ(
      parsed<Status>("STATUS \"\" (messages Recent UIDNEXT UIDVALIDITY UNSEEN DELETED SIZE HIGHESTMODSEQ "
                     "APPENDLIMIT MAILBOXID DELETED-STORAGE)")
          .items.size(),
      11u);
  EXPECT_EQ(parsed<Status>("STATUS x (SIZE SIZE)").items, (std::vector{StatusItem::size}));
  EXPECT_EQ(refusal("STATUS x"),
            "BAD STATUS needs items like (MESSAGES UIDNEXT UNSEEN), but the command ends there");
  EXPECT_EQ(refusal("STATUS x ()"),
            "BAD STATUS needs items like (MESSAGES UIDNEXT UNSEEN), the list is empty");
  EXPECT_EQ(refusal("STATUS x (FROB)"), "BAD STATUS: item FROB is not known");
  EXPECT_EQ(refusal("STATUS x MESSAGES").substr(0, 3), "BAD");
}

}  // namespace
}  // namespace pabal::proto::imap

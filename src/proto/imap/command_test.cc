#include "proto/imap/command.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "proto/imap/test_parse.h"

namespace pabal::proto::imap {
namespace {

TEST(ImapCommand, WithoutArguments) {
  parsed<Capability>("CAPABILITY");
  parsed<Noop>("noop");
  parsed<Logout>("LOGOUT ");
  parsed<StartTls>("STARTTLS");
  parsed<Namespace>("NAMESPACE");
  parsed<Idle>("IDLE");
  parsed<Check>("CHECK");
  parsed<Close>("CLOSE");
  parsed<Unselect>("UNSELECT");
  parsed<Unauthenticate>("UNAUTHENTICATE");
  EXPECT_EQ(refusal("NOOP x"), "BAD NOOP takes nothing more, got \"x\"");
}

TEST(ImapCommand, Tags) {
  auto request = parse_request("abcd]x-1.2 NOOP", {});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->tag, "abcd]x-1.2");
  for (std::string_view bad :
       {"", " NOOP", "+ NOOP", "a+ NOOP", "* NOOP", "\"a\" NOOP", "(a NOOP", "a\tNOOP"}) {
    auto refused = parse_request(std::string(bad), {});
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().tag, "") << bad;
  }
  auto alone = parse_request("a", {});
  ASSERT_FALSE(alone);
  EXPECT_EQ(alone.error().tag, "a");
  EXPECT_EQ(alone.error().text,
            "A command needs a name after its tag: \"a1 NOOP\", but the command ends there");
  EXPECT_TRUE(parse_request(std::string(128, 'a') + " NOOP", {}));
  auto long_tag = parse_request(std::string(129, 'a') + " NOOP", {});
  ASSERT_FALSE(long_tag);
  EXPECT_EQ(long_tag.error().tag, "");
}

TEST(ImapCommand, Unknown) {
  EXPECT_EQ(refusal("FROB"), "BAD Command not known: FROB");
  EXPECT_EQ(refusal("uid frob 1"), "BAD Command not known: UID FROB");
  EXPECT_EQ(refusal("UID"),
            "BAD UID needs a command behind it, like FETCH, STORE, COPY, MOVE or SEARCH, but "
            "the command ends there");
  EXPECT_EQ(refusal("UID NOOP"), "BAD NOOP has no UID form; send NOOP alone");
  EXPECT_EQ(refusal("NOOP\xff"), "BAD NOOP takes nothing more, got \"?\"");
}

TEST(ImapCommand, Verbs) {
  for (std::string_view line : {"CAPABILITY",
                                "ID NIL",
                                "AUTHENTICATE PLAIN",
                                "LOGIN a b",
                                "ENABLE CONDSTORE",
                                "SELECT a",
                                "EXAMINE a",
                                "CREATE a",
                                "DELETE a",
                                "RENAME a b",
                                "SUBSCRIBE a",
                                "UNSUBSCRIBE a",
                                "LIST \"\" *",
                                "LSUB \"\" *",
                                "STATUS a (MESSAGES)",
                                "APPEND a {1+}\r\nx",
                                "COMPRESS DEFLATE",
                                "GETQUOTA \"\"",
                                "GETQUOTAROOT a",
                                "SETQUOTA \"\" ()",
                                "GETACL a",
                                "SETACL a b c",
                                "DELETEACL a b",
                                "LISTRIGHTS a b",
                                "MYRIGHTS a",
                                "GETMETADATA a /shared/b",
                                "SETMETADATA a (/shared/b NIL)",
                                "NOTIFY NONE",
                                "GENURLAUTH a INTERNAL",
                                "RESETKEY",
                                "URLFETCH a",
                                "ESEARCH ALL",
                                "EXPUNGE",
                                "UID EXPUNGE 1",
                                "SEARCH ALL",
                                "UID SEARCH ALL",
                                "SORT (DATE) UTF-8 ALL",
                                "UID SORT (DATE) UTF-8 ALL",
                                "THREAD REFERENCES UTF-8 ALL",
                                "UID THREAD REFERENCES UTF-8 ALL",
                                "CANCELUPDATE \"a\"",
                                "FETCH 1 FLAGS",
                                "UID FETCH 1 FLAGS",
                                "STORE 1 FLAGS ()",
                                "UID STORE 1 FLAGS ()",
                                "COPY 1 a",
                                "UID COPY 1 a",
                                "MOVE 1 a",
                                "UID MOVE 1 a",
                                "REPLACE 1 a {1+}\r\nx",
                                "UID REPLACE 1 a {1+}\r\nx"}) {
    auto request = parse_request("a " + std::string(line), {});
    ASSERT_TRUE(request) << line << ": " << request.error().text;
    EXPECT_TRUE(line.starts_with(verb(request->command))) << line << ": " << verb(request->command);
  }
}

// RFC 9051 §6.2.3, RFC 7888 §3
TEST(ImapCommand, Login) {
  auto login = parsed<Login>("LOGIN SMITH SESAME");
  EXPECT_EQ(login.user, "SMITH");
  EXPECT_EQ(login.password, "SESAME");
  login = parsed<Login>("LOGIN {11+}\r\nFRED FOOBAR {7+}\r\nfat man");
  EXPECT_EQ(login.user, "FRED FOOBAR");
  EXPECT_EQ(login.password, "fat man");
  login = parsed<Login>("login \"a \\\"b\\\\\" \"\"");
  EXPECT_EQ(login.user, "a \"b\\");
  EXPECT_EQ(login.password, "");
  EXPECT_EQ(refusal("LOGIN"), "BAD LOGIN needs a user name and a password, but the command ends there");
  EXPECT_EQ(refusal("LOGIN alice"),
            "BAD LOGIN needs a password behind the user name, but the command ends there");
  EXPECT_EQ(refusal("LOGIN alice (b)"), "BAD LOGIN needs a password behind the user name, got \"(b)\"");
  EXPECT_EQ(refusal("LOGIN \"alice"), "BAD LOGIN: a quoted string has no closing quote");
  EXPECT_EQ(refusal("LOGIN \"al\\ice\" x"), "BAD LOGIN: in a quoted string \\ stands before \" and \\ only");
  EXPECT_EQ(refusal("LOGIN {9}\r\nshort x").substr(0, 3), "BAD");
  EXPECT_EQ(refusal("LOGIN ~{1}\r\na x").substr(0, 3), "BAD");
  EXPECT_EQ(refusal(std::string_view("LOGIN {1}\r\n\0 x", 14)), "BAD LOGIN: a literal holds no NUL");
  EXPECT_EQ(refusal("LOGIN a\rb c").substr(0, 3), "BAD");
}

// RFC 9051 §6.2.2, RFC 4959 §4
TEST(ImapCommand, Authenticate) {
  auto authenticate = parsed<Authenticate>("AUTHENTICATE scram-sha-256-plus");
  EXPECT_EQ(authenticate.mechanism, "SCRAM-SHA-256-PLUS");
  EXPECT_FALSE(authenticate.initial_response);
  EXPECT_EQ(parsed<Authenticate>("AUTHENTICATE PLAIN dGVzdAB0ZXN0AHRlc3Q=").initial_response,
            "dGVzdAB0ZXN0AHRlc3Q=");
  EXPECT_EQ(parsed<Authenticate>("AUTHENTICATE EXTERNAL =").initial_response, "");
  EXPECT_EQ(refusal("AUTHENTICATE"),
            "BAD AUTHENTICATE needs a mechanism like PLAIN, but the command ends there");
  EXPECT_EQ(refusal("AUTHENTICATE PLAIN a b").substr(0, 3), "BAD");
}

// RFC 5161 §3.1 and §4
TEST(ImapCommand, Enable) {
  EXPECT_EQ(parsed<Enable>("ENABLE CONDSTORE X-GOOD-IDEA").capabilities,
            (std::vector<std::string>{"CONDSTORE", "X-GOOD-IDEA"}));
  EXPECT_EQ(parsed<Enable>("enable utf8=accept").capabilities, (std::vector<std::string>{"UTF8=ACCEPT"}));
  EXPECT_EQ(refusal("ENABLE").substr(0, 3), "BAD");
  std::string many = "ENABLE";
  for (int i = 0; i < 101; ++i) many += " X";
  EXPECT_EQ(refusal(many), "NO [LIMIT] ENABLE takes at most 100 capabilities");
}

// RFC 2971 §3.1
TEST(ImapCommand, Id) {
  auto id = parsed<Id>(
      "ID (\"name\" \"sodr\" \"version\" \"19.34\" \"vendor\" \"Pink Floyd Music Limited\" \"date\" NIL)");
  ASSERT_EQ(id.fields.size(), 4u);
  EXPECT_EQ(id.fields[2].first, "vendor");
  EXPECT_EQ(id.fields[2].second, "Pink Floyd Music Limited");
  EXPECT_FALSE(id.fields[3].second);
  EXPECT_TRUE(parsed<Id>("ID NIL").fields.empty());
  EXPECT_TRUE(parsed<Id>("ID ()").fields.empty());
  EXPECT_EQ(refusal("ID"), "BAD ID needs NIL or a list like (\"name\" \"mutt\"), but the command ends there");
  EXPECT_EQ(refusal("ID (\"name\")"), "BAD ID needs a value for each field, got \")\"");
  EXPECT_EQ(refusal("ID (\"" + std::string(31, 'x') + "\" NIL)").substr(0, 3), "BAD");
  EXPECT_EQ(refusal("ID (\"x\" \"" + std::string(1025, 'x') + "\")").substr(0, 3), "BAD");
}

TEST(ImapCommand, Compress) {
  EXPECT_EQ(parsed<Compress>("COMPRESS deflate").algorithm, "DEFLATE");
  EXPECT_EQ(refusal("COMPRESS").substr(0, 3), "BAD");
}

}  // namespace
}  // namespace pabal::proto::imap

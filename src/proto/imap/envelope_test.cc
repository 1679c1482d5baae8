#include <gtest/gtest.h>

#include "proto/imap/list_for_test.h"
#include "proto/imap/response.h"

namespace pabal::proto::imap {
namespace {

std::string envelope_of(const std::string& head, TextForm form = TextForm::seven_bit) {
  const mail::Header header = mail::parse_header(head);
  std::string text = envelope_text(header, mail::declared_charset(header), form);
  EXPECT_TRUE(is_envelope_text(text, form)) << text;
  EXPECT_EQ(one_form(envelope_forms(header, mail::declared_charset(header)), form), text);
  return text;
}

// One member of the envelope: 2 from, 3 sender, 4 reply-to, 5 to …
std::string member(const std::string& head, size_t index, TextForm form = TextForm::seven_bit) {
  std::string whole = envelope_of(head, form);
  std::string_view rest = std::string_view(whole).substr(1, whole.size() - 2);
  for (size_t i = 0;; ++i) {
    size_t end = 0;
    int depth = 0;
    bool quoted = false;
    for (; end < rest.size(); ++end) {
      char c = rest[end];
      if (quoted && c == '\\') {
        ++end;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (!quoted) {
        depth += c == '(' ? 1 : c == ')' ? -1 : 0;
        if (c == ' ' && depth == 0) break;
      }
    }
    if (i == index) return std::string(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
}

// RFC 9051 §8.
TEST(Envelope, ExampleOfTheRfc) {
  EXPECT_EQ(envelope_of("Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n"
                        "From: Terry Gray <gray@cac.washington.edu>\r\n"
                        "Subject: IMAP4rev2 WG mtg summary and minutes\r\n"
                        "To: imap@cac.washington.edu\r\n"
                        "cc: minutes@CNRI.Reston.VA.US, \"John Klensin\" <KLENSIN@MIT.EDU>\r\n"
                        "Message-Id: <B27397-0100000@cac.washington.edu>\r\n"
                        "MIME-Version: 1.0\r\n"
                        "Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n\r\n"),
            R"x(("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "IMAP4rev2 WG mtg summary and minutes" )x"
            R"x((("Terry Gray" NIL "gray" "cac.washington.edu")) )x"
            R"x((("Terry Gray" NIL "gray" "cac.washington.edu")) )x"
            R"x((("Terry Gray" NIL "gray" "cac.washington.edu")) )x"
            R"x(((NIL NIL "imap" "cac.washington.edu")) )x"
            R"x(((NIL NIL "minutes" "CNRI.Reston.VA.US")("John Klensin" NIL "KLENSIN" "MIT.EDU")) )x"
            R"x(NIL NIL "<B27397-0100000@cac.washington.edu>"))x");
}

TEST(Envelope, MissingIsNilAndEmptyIsEmpty) {
  EXPECT_EQ(envelope_of(""), "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
  EXPECT_EQ(envelope_of("Date:\r\nSubject: \r\nFrom: \r\nTo:\r\nIn-Reply-To:\r\nMessage-ID:\r\n\r\n"),
            R"x(("" "" NIL NIL NIL NIL NIL NIL "" ""))x");
}

TEST(Envelope, SenderAndReplyToDefaultToFrom) {
  std::string from = R"x((("A" NIL "a" "x.test")(NIL NIL "b" "x.test")))x";
  std::string head = "From: A <a@x.test>, b@x.test\r\n";
  EXPECT_EQ(member(head, 3), from);
  EXPECT_EQ(member(head + "Sender: \r\n", 3), from);
  EXPECT_EQ(member(head + "Sender: c@x.test\r\n", 3), R"x(((NIL NIL "c" "x.test")))x");
  EXPECT_EQ(member(head + "Sender: c@x.test\r\n", 4), from);
  EXPECT_EQ(member("Reply-To: r@x.test\r\n", 2), "NIL");
  EXPECT_EQ(member("Reply-To: r@x.test\r\n", 4), R"x(((NIL NIL "r" "x.test")))x");
}

TEST(Envelope, Groups) {
  EXPECT_EQ(
      member("To: A Group:Ed Jones <joe@where.test>,john@one.test;, Undisclosed recipients:;, c@x.test\r\n",
             5),
      R"x(((NIL NIL "A Group" NIL)("Ed Jones" NIL "joe" "where.test")(NIL NIL "john" "one.test"))x"
      R"x((NIL NIL NIL NIL)(NIL NIL "Undisclosed recipients" NIL)(NIL NIL NIL NIL)(NIL NIL "c" "x.test")))x");
  EXPECT_EQ(member("To: Open: a@x.test\r\n", 5),
            R"x(((NIL NIL "Open" NIL)(NIL NIL "a" "x.test")(NIL NIL NIL NIL)))x");
}

TEST(Envelope, QuotingIsTakenOffAndEncodedWordsStay) {
  EXPECT_EQ(member(R"x(From: "Fred \"F\" Bar" <"j o\\e"@x.test>)x"
                   "\r\n",
                   2),
            R"x((("Fred \"F\" Bar" NIL "j o\\e" "x.test")))x");
  EXPECT_EQ(member("From: =?utf-8?q?J=C3=B6rg?= <j@x.test>\r\n", 2),
            R"x((("=?utf-8?q?J=C3=B6rg?=" NIL "j" "x.test")))x");
  EXPECT_EQ(member("Subject: =?utf-8?B?7YyM?=\r\n =?utf-8?B?67Cc?=\r\n", 1),
            R"x("=?utf-8?B?7YyM?= =?utf-8?B?67Cc?=")x");
}

TEST(Envelope, ObsoleteForms) {
  EXPECT_EQ(member("To: Mary <@node.test,@other.test:mary @ example . net>, , jdoe@test . example\r\n", 5),
            R"x((("Mary" "@node.test,@other.test" "mary" "example.net")(NIL NIL "jdoe" "test.example")))x");
  EXPECT_EQ(member("From: pete@silly.test (Pete)\r\n", 2), R"x((("Pete" NIL "pete" "silly.test")))x");
  EXPECT_EQ(member("Cc : a@x.test\r\n", 6), R"x(((NIL NIL "a" "x.test")))x");
}

TEST(Envelope, WhatHasNoDomainIsNoGroup) {
  EXPECT_EQ(member("To: root, Only Name <>, x@\r\n", 5),
            R"x(((NIL NIL "root" "MISSING_DOMAIN")("Only Name" NIL "MISSING_MAILBOX" "MISSING_DOMAIN"))x"
            R"x((NIL NIL "x" "MISSING_DOMAIN")))x");
}

TEST(Envelope, FieldsThatStandTwice) {
  std::string head = "To: a@x.test\r\nSubject: one\r\nTO: b@x.test\r\nSubject: two\r\n";
  EXPECT_EQ(member(head, 5), R"x(((NIL NIL "a" "x.test")(NIL NIL "b" "x.test")))x");
  EXPECT_EQ(member(head, 1), "\"one\"");
}

TEST(Envelope, Utf8BecomesEncodedWords) {
  std::string subject = member("Subject: 안녕하세요 world\r\n", 1);
  EXPECT_EQ(mail::decode_text(subject.substr(1, subject.size() - 2)), "안녕하세요 world");
  EXPECT_EQ(member("From: Jörg <j@x.test>\r\n", 2), R"x((("=?utf-8?B?SsO2cmc=?=" NIL "j" "x.test")))x");
  EXPECT_EQ(
      member("To: 그룹: 김 <김@파발.test>;\r\n", 5),
      "((NIL NIL \"=?utf-8?B?6re466O5?=\" NIL)(\"=?utf-8?B?6rmA?=\" NIL {3}\r\n김 \"xn--ih3bl33b.test\")"
      "(NIL NIL NIL NIL))");
}

// Whatever it is, declared or not: the client may know better, and a guess could not be undone.
TEST(Envelope, OtherEightBitStaysAsItCame) {
  EXPECT_EQ(member("From: J\xF6rg <j@x.test>\r\n", 2), "(({4}\r\nJ\xF6rg NIL \"j\" \"x.test\"))");
  for (std::string type : {"", "Content-Type: text/plain; charset=euc-kr\r\n"}) {
    EXPECT_EQ(member(type + "Subject: \xBE\xC8\xB3\xE7=?utf-8?q?a?=\r\n", 1),
              "{17}\r\n\xBE\xC8\xB3\xE7=?utf-8?q?a?=");
    EXPECT_EQ(member(type + "To: \xB1\xD7\xB7\xEC: \xBE\xC8@\xB3\xE7.test;\r\n", 5),
              "((NIL NIL {4}\r\n\xB1\xD7\xB7\xEC NIL)(NIL NIL {2}\r\n\xBE\xC8 {7}\r\n\xB3\xE7.test)(NIL NIL "
              "NIL NIL))");
  }
  // "ã" and a quote in UTF-8, "찾" in the charset that is declared.
  const std::string both = "Subject: \xC3\xA3\r\n";
  EXPECT_EQ(member(both, 1), "\"=?utf-8?B?w6M=?=\"");
  EXPECT_EQ(member(both + "Content-Type: text/plain; charset=euc-kr\r\n", 1), "{2}\r\n\xC3\xA3");
}

TEST(Envelope, OtherEightBitIsReadForWhoTakesUtf8) {
  const std::string declared = "Content-Type: text/plain; charset=shift_jis\r\n";
  for (TextForm form : {TextForm::utf8, TextForm::rev2}) {
    EXPECT_EQ(member(declared + "Subject: \x95\x5c =?utf-8?q?a?=\r\n", 1, form), "\"表 =?utf-8?q?a?=\"");
    EXPECT_EQ(member(declared + "From: \"\x95\x5c\" <\x95\x5c@x.test>\r\n", 2, form),
              "((\"表\" NIL \"表\" \"x.test\"))");
    EXPECT_EQ(member("Subject: \xBE\xC8\xB3\xE7\xC7\xCF\xBC\xBC\xBF\xE4\r\n", 1, form), "\"안녕하세요\"");
    EXPECT_EQ(member(declared + "Subject: 안녕\r\n", 1, form), "\"안녕\"");
  }
}

TEST(Envelope, Utf8AsItIsForWhoTakesIt) {
  for (TextForm form : {TextForm::utf8, TextForm::rev2}) {
    EXPECT_EQ(member("Subject: 안녕 =?utf-8?q?a?=\r\n", 1, form), "\"안녕 =?utf-8?q?a?=\"");
    EXPECT_EQ(member("Subject: J\xF6rg\r\n", 1, form), "\"Jörg\"");
    EXPECT_EQ(member("To: 그룹: \"김 \\\"길동\\\"\" <김@파발.test>;\r\n", 5, form),
              "((NIL NIL \"그룹\" NIL)(\"김 \\\"길동\\\"\" NIL \"김\" \"파발.test\")(NIL NIL NIL NIL))");
  }
}

TEST(Envelope, FoldsAndControls) {
  EXPECT_EQ(member("Subject: one\r\n\ttwo\n three\r\n", 1), "\"one two three\"");
  EXPECT_EQ(member(std::string("Subject: a\0b\rc\r\n", 16), 1), "\"abc\"");
  std::string longer(3000, 's');
  EXPECT_EQ(member("Subject: " + longer + "\r\n", 1).substr(0, 8), "{3000}\r\n");
}

}  // namespace
}  // namespace pabal::proto::imap

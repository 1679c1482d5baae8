#include "mail/search_text.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "mail/address.h"
#include "mail/encoding.h"
#include "mail/summary_keys.h"

namespace pabal::mail {
namespace {

std::string body_of(const std::string& message) {
  return search_body(parse_message(message), message);
}
std::string preview_of(const std::string& message, size_t characters = 200) {
  return preview(parse_message(message), message, characters);
}
std::string html(const std::string& body) {
  return "Content-Type: text/html; charset=utf-8\r\n\r\n" + body;
}

TEST(FoldForSearch, Ascii) {
  EXPECT_EQ(fold_for_search(""), "");
  EXPECT_EQ(fold_for_search("Hello, World"), "hello, world");
  EXPECT_EQ(fold_for_search("  a \t\r\n b\n"), " a b ");
}

TEST(FoldForSearch, Unicode) {
  EXPECT_EQ(fold_for_search("STRASSE Straße ÄÖÜ"), "strasse strasse äöü");
  EXPECT_EQ(fold_for_search("ΣΊΣΥΦΟΣ Σίσυφος"), "σίσυφοσ σίσυφοσ");
  EXPECT_EQ(fold_for_search("Ｆｕｌｌ　ｗｉｄｔｈ ﬁne ①"), "full width fine 1");
  EXPECT_EQ(fold_for_search("\u1112\u1161\u11AB\u1100\u1173\u11AF"), "한글");  // letters, not syllables
  EXPECT_EQ(fold_for_search("Cafe\u0301 I\u00ADnvisible"), "café invisible");
  EXPECT_EQ(fold_for_search("a\u00A0\u2003b"), "a b");
}

TEST(FoldForSearch, WhateverComesIsWellFormedAndFoldsToItself) {
  std::string ascii(100, 'x');
  for (const std::string& text :
       {std::string("\xFF\xC3 A\xED\xA0\x80"), "e" + ascii + "\u0301 \u0301" + ascii + "É \u0344",
        ascii + " \u0345\u0301A\u030A" + ascii, std::string("\u1E9E\uFDFA\u0130 \u2126\uFB01"),
        std::string(1, '\0')}) {
    std::string folded = fold_for_search(text);
    EXPECT_TRUE(is_utf8(folded));
    EXPECT_EQ(fold_for_search(folded), folded) << text;
  }
}

// A long stretch of ASCII is folded apart from what is around it, with the same result.
TEST(FoldForSearch, LengthIsNoMatter) {
  std::string korean = "받은 편지함 ABC ", long_ascii(200, 'Z');
  std::string text, expected;
  for (int i = 0; i < 1000; ++i) {
    text += korean + (i % 3 == 0 ? long_ascii : "E") + "\u0301";
    expected += "받은 편지함 abc " + (i % 3 == 0 ? std::string(199, 'z') + "\u017A" : "é");
  }
  EXPECT_EQ(fold_for_search(text), expected);
}

TEST(SearchHeader, IsDecodedLines) {
  EXPECT_EQ(search_header("Subject: =?utf-8?B?7YyM67Cc?=\r\n =?utf-8?Q?_Re?= X\r\nFrom:  Kim  <K@X.test>\r\n"
                          "junk\r\nX-Empty:\r\n\r\nbody",
                          {})
                .fields,
            "subject: 파발 re x\nfrom: kim <k@x.test>\nx-empty: \n");
}

// "表" ends with a backslash in Shift_JIS, which quotes nothing.
TEST(SearchHeader, RawTextIsReadInTheDeclaredCharset) {
  const std::string message =
      "Subject: \x95\x5c\r\nFrom: \"\x95\x5c\" <a@x.test>\r\nContent-Type: multipart/mixed; "
      "boundary=b\r\n\r\n"
      "--b\r\nContent-Type: text/plain; charset=shift_jis; name=\"\x95\x5c\"\r\n"
      "Content-Description: \x95\x5c\r\n\r\nx\r\n--b--\r\n";
  const Part root = parse_message(message);
  const SearchHeader header = search_header(message, declared_charset(root));
  EXPECT_TRUE(header.fields.starts_with("subject: 表\nfrom: \"表\" <a@x.test>\n")) << header.fields;
  EXPECT_EQ(header.addresses, "from: 表 <a@x.test>\n");
  const std::string body = search_body(root, message);
  EXPECT_NE(body.find("content-description: 表\n"), std::string::npos) << body;
  EXPECT_NE(body.find("\n表\n"), std::string::npos) << body;  // the name
  const SummaryKeys keys = summary_keys(root, message, Time{});
  EXPECT_EQ(keys.base_subject, sort_key("表"));
  EXPECT_EQ(keys.from_display, sort_key("表"));
}

// RFC 9051 §6.4.4: as ENVELOPE has them, not as they are written.
TEST(SearchHeader, AddressesAreThoseOfTheEnvelope) {
  auto addresses = [](const std::string& head) { return search_header(head + "\r\n", {}).addresses; };
  EXPECT_EQ(addresses("From: \"Kim, Gil \\\"K\\\" Dong\" <kim@x.test> (at work)\r\n"),
            "from: kim, gil \"k\" dong <kim@x.test>\n");
  EXPECT_EQ(addresses("To: kim (of the (old) team) @ x . test,\r\n lee@x.test (Lee)\r\nSender: a@x.test\r\n"),
            "to: of the (old) team <kim@x.test>, lee <lee@x.test>\n");
  EXPECT_EQ(
      addresses("To: Team: a@x.test, =?utf-8?B?6rmA?= <b@x.test>;, none:;, c@x.test\r\nTO: d@x.test\r\n"),
      "to: team: a@x.test, 김 <b@x.test>;, none: ;, c@x.test\nto: d@x.test\n");
  EXPECT_EQ(addresses("Cc: <@route.test:\"a b\"@x.test>\r\nBcc: root\r\n"),
            "cc: \"a b\"@x.test a b@x.test\nbcc: root\n");
  EXPECT_EQ(addresses("From: a@XN--9K3BI0H.test, b@파발.test\r\n"),
            "from: a@xn--9k3bi0h.test a@" + to_unicode_domain("xn--9k3bi0h.test") + ", b@파발.test b@" +
                to_ascii_domain("파발.test").value() + "\n");
}

// RFC 5051: title case, so that what stands between the cases of ASCII comes behind letters.
TEST(SortKey, IsTitleCaseTakenApart) {
  EXPECT_EQ(sort_key("a_[Z]"), "A_[Z]");
  EXPECT_EQ(sort_key("\u01C4 é ß ﬁ"), "Dz\u030C E\u0301 ß fi");
  EXPECT_EQ(sort_key("가각"), "\u1100\u1161\u1100\u1161\u11A8");
  EXPECT_LT(sort_key("zebra"), sort_key("_under"));
  EXPECT_LT(sort_key("Zebra"), sort_key("[list]"));
  EXPECT_EQ(sort_key("ÄRGER"), sort_key("ärger"));
  EXPECT_EQ(sort_key(std::string(5'000, 'x')).size(), sort_key_octets_max);
  std::string korean;
  for (int i = 0; i < 2'000; ++i) korean += "각";
  EXPECT_EQ(sort_key(korean).size(), sort_key_octets_max / 9 * 9);
}

// Putting marks in order takes the square of their number: 400 kB took 13 seconds.
TEST(FoldForSearch, RowsOfMarksAreShort) {
  auto repeated = [](std::string_view text, size_t times) {
    std::string out;
    for (size_t i = 0; i < times; ++i) out += text;
    return out;
  };
  // The classes fall, so that each mark has to go in front of all others; what is left
  // out of the text by folding, and what only becomes a mark by it, does not end a row.
  for (std::string_view marks : {"\u0301\u0316", "\u0301\u200D\u0316\u034F", "\u0301\uFF9E",
                                 "\u0345\u0323\u0344", "\U000E0100\u0301\u0327"}) {
    std::string folded = fold_for_search("a" + repeated(marks, 200'000) + "z");
    EXPECT_LE(folded.size(), 4 * 2 * combining_marks_max) << marks;
    EXPECT_TRUE(folded.ends_with('z'));
    EXPECT_EQ(fold_for_search(folded), folded);
  }
  EXPECT_EQ(fold_for_search("a" + repeated("\u0316", 30)), "a" + repeated("\u0316", 30));
  EXPECT_EQ(fold_for_search("a" + repeated("\u0316", 31) + "b"), "a" + repeated("\u0316", 30) + "b");
  // No marks: many of a letter, which Koreans do write.
  EXPECT_EQ(fold_for_search(repeated("ㅠ", 100)), repeated("\u1172", 100));
}

TEST(SearchBody, TextInItsCharset) {
  EXPECT_EQ(body_of("Subject: not here\r\n\r\nHello\r\n World\r\n"), "hello world \n");
  EXPECT_EQ(body_of("Content-Type: text/plain; charset=euc-kr\r\n\r\n\xC6\xC4\xB9\xDF"), "파발\n");
  EXPECT_EQ(
      body_of("Content-Type: text/plain; charset=ks_c_5601-1987\r\nContent-Transfer-Encoding: base64\r\n\r\n"
              "xsS53w==\r\n"),
      "파발\n");
  EXPECT_EQ(body_of("Content-Type: text/plain; charset=iso-2022-kr\r\n\r\n\x1B$)C\x0E"
                    "FD9_\x0F"),
            "파발\n");
  EXPECT_EQ(body_of(html("<style>x{}</style><p>Hello <b>World</b></p>")), "hello world \n");
}

TEST(SearchBody, PartsTheirHeadsAndNames) {
  std::string body = body_of(
      "Subject: outer\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: "
      "text/plain\r\n\r\nONE\r\n"
      "--b\r\nContent-Type: application/pdf; "
      "name=\"=?utf-8?B?6rOE7JW97ISc?=.PDF\"\r\nContent-Transfer-Encoding: base64"
      "\r\n\r\nUERG\r\n"
      "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: Inner "
      "=?utf-8?B?7ZqM7J2Y?=\r\n\r\ntwo\r\n--b--\r\n");
  EXPECT_EQ(body.find("outer"), std::string::npos);
  EXPECT_EQ(body.find("uerg"), std::string::npos);
  for (const char* text :
       {"one\n", "계약서.pdf\n", "subject: inner 회의\n", "two\n", "content-type: application/pdf"}) {
    EXPECT_NE(body.find(text), std::string::npos) << text << " in " << body;
  }
}

TEST(SearchBody, IsCutAtACharacter) {
  std::string text;
  while (text.size() < kSearchTextMax + 100) text += "가나다";
  std::string body = body_of("Content-Type: text/plain; charset=utf-8\r\n\r\nx" + text);
  EXPECT_LE(body.size(), kSearchTextMax);
  EXPECT_GT(body.size(), kSearchTextMax - 4);
  EXPECT_TRUE(is_utf8(body));
  // Raw text that is cut before it is decoded.
  std::string large = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n";
  for (int i = 0; i < 10; ++i) large += base64_encode(text);
  body = body_of(large);
  EXPECT_LE(body.size(), kSearchTextMax);
  EXPECT_TRUE(is_utf8(body));
}

TEST(Preview, FirstWords) {
  EXPECT_EQ(preview_of("Subject: x\r\n\r\n\r\n  Preview\r\ntext!  \r\n"), "Preview text!");
  EXPECT_EQ(preview_of("\r\n\r\n"), "");
  EXPECT_EQ(preview_of("Content-Type: text/plain; charset=euc-kr\r\n\r\n\xC6\xC4\xB9\xDF"), "파발");
  EXPECT_EQ(preview_of("Content-Type: image/png\r\n\r\nPNG"), "");
  EXPECT_EQ(preview_of("\r\nabc def ghi", 5), "abc d");
  EXPECT_EQ(preview_of("\r\nabc def ghi", 4), "abc");
  EXPECT_EQ(preview_of("Content-Type: text/plain; charset=utf-8\r\n\r\n가나다라", 3), "가나다");
}

TEST(Preview, OwnWordsComeBeforeQuotes) {
  EXPECT_EQ(
      preview_of("\r\nOn Monday, Kim wrote:\r\n> Lunch?\r\n>> Yes\r\n\r\nFine with me.\r\n-- \r\nLee\r\n"),
      "Fine with me.");
  EXPECT_EQ(preview_of("\r\n> nothing\r\n> but quotes\r\n"), "> nothing > but quotes");
  EXPECT_EQ(preview_of("\r\nThings to do:\r\nlunch\r\n"), "Things to do: lunch");
  EXPECT_EQ(preview_of("\r\n-- \r\nLee\r\n"), "-- Lee");
}

TEST(Preview, Html) {
  EXPECT_EQ(preview_of(html(
                "<html><head><title>T</title></head><body><p>Dear <a href=\"https://x.test/\">you</a>,</p>"
                "<p>read\u200B\u034F\u00A0 this</p></body></html>")),
            "Dear you, read this");
  EXPECT_EQ(preview_of("Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n\r\n--b\r\n" +
                       html("<b>only</b> here") + "\r\n--b--"),
            "");
}

TEST(Preview, LargePartsAreReadFromTheirBeginning) {
  std::string message =
      "Content-Transfer-Encoding: base64\r\n\r\n" + base64_encode_lines("start " + std::string(500'000, 'x'));
  EXPECT_TRUE(preview_of(message).starts_with("start xxxx"));
  EXPECT_EQ(preview_of(message).size(), 200u);
}

}  // namespace
}  // namespace pabal::mail

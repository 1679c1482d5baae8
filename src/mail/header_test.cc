#include "mail/header.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace pabal::mail {
namespace {

TEST(Header, FieldsAndTheirPlaces) {
  std::string text = "Subject: one\r\n two\r\nFrom : a@x.test\r\nX-Empty:\r\n\r\nbody";
  Header header = parse_header(text);
  ASSERT_EQ(header.fields.size(), 3u);
  EXPECT_EQ(header.fields[0].name, "Subject");
  EXPECT_EQ(header.fields[0].raw_value, " one\r\n two");
  EXPECT_EQ(header.fields[0].begin, 0u);
  EXPECT_EQ(header.fields[0].end, 20u);
  EXPECT_EQ(header.value("subject"), "one two");
  EXPECT_EQ(header.value("from"), "a@x.test");
  EXPECT_EQ(header.value("x-empty"), "");
  EXPECT_EQ(header.find("none"), nullptr);
  EXPECT_EQ(text.substr(header.body_begin), "body");
  EXPECT_EQ(header.octets + 2, header.body_begin);
  EXPECT_EQ(header.lines, 5u);
}

TEST(Header, OddForms) {
  Header header = parse_header("From bob Sat Nov 21\nA: 1\nno colon here\nB: 2\n\nbody");
  ASSERT_EQ(header.fields.size(), 4u);
  EXPECT_EQ(header.fields[0].name, "");
  EXPECT_EQ(header.value("a"), "1");
  EXPECT_EQ(header.fields[2].name, "");
  EXPECT_EQ(header.value("b"), "2");
  EXPECT_EQ(parse_header("From : bob@x.test\r\n\r\n").value("from"), "bob@x.test") << "no mbox line";
  EXPECT_EQ(parse_header("").fields.size(), 0u);
  EXPECT_EQ(parse_header("\r\nbody").body_begin, 2u);
  EXPECT_EQ(parse_header("A: 1").body_begin, 4u);
  EXPECT_EQ(parse_header(" folded first\r\nA: 1\r\n").value("a"), "1");
}

TEST(Header, Limits) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "A: 1\r\n";
  Header header = parse_header(text + "\r\nbody", {.fields_max = 10});
  EXPECT_EQ(header.fields.size(), 10u);
  EXPECT_FALSE(header.complete);
  EXPECT_EQ(header.body_begin, 602u);
}

TEST(DecodeText, ExamplesOfRfc2047) {
  EXPECT_EQ(decode_text("=?ISO-8859-1?Q?a?="), "a");
  EXPECT_EQ(decode_text("=?ISO-8859-1?Q?a?= b"), "a b");
  EXPECT_EQ(decode_text("=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?="), "ab");
  EXPECT_EQ(decode_text("=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?="), "ab");
  EXPECT_EQ(decode_text("=?ISO-8859-1?Q?a_b?="), "a b");
  EXPECT_EQ(decode_text("=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?="), "a b");
}

TEST(DecodeText, KoreanSubjects) {
  EXPECT_EQ(decode_text("=?euc-kr?B?x9Gx2w==?="), "한글");
  EXPECT_EQ(decode_text("=?ks_c_5601-1987?B?jGO55rCix88=?="), "똠방각하");
  // One character split over two words.
  EXPECT_EQ(decode_text("=?utf-8?B?7Yw=?= =?utf-8?B?jA==?="), "파");
  EXPECT_EQ(decode_text("=?UTF-8*ko?B?7YyM?="), "파");
}

TEST(DecodeText, BrokenStaysAsItIs) {
  for (const char* text : {"=?", "=?x", "=?utf-8?B?7YyM",
                           "=?utf-8?X?abc?=", "=?no-such-charset?Q?=80?=", "a =?= b", "=??Q?a?="}) {
    EXPECT_EQ(decode_text(text), text);
  }
  EXPECT_EQ(decode_text("x=?utf-8?Q?=EC=95=88?=y"), "x안y");
}

TEST(DecodeText, Raw8Bit) {
  EXPECT_EQ(decode_text("파발"), "파발");
  EXPECT_EQ(decode_text("\xC6\xC4\xB9\xDF", "euc-kr"), "파발");
  EXPECT_EQ(decode_text("caf\xE9"), "café");
}

TEST(EncodeText, RoundTrips) {
  std::string long_korean;
  for (int i = 0; i < 60; ++i) long_korean += i % 5 == 4 ? " 파발이" : "한글";
  for (const std::string& text :
       {std::string("plain"), std::string("안녕"), std::string("Re: 안녕 hello there"),
        std::string("a  b 안녕  c"), long_korean, std::string("한 줄에 =?utf-8?Q?x?= 있음"),
        std::string("=?utf-8?Q?x?="), std::string(2000, 'x'), std::string("tab\tand 한"),
        std::string("words ") + std::string(70, 'y') + " 한글 " + std::string(80, 'z'),
        std::string("𝄞𝄞𝄞 🐎 파발")}) {
    std::string encoded = encode_text(text, 9);
    EXPECT_EQ(decode_text(encoded), text) << encoded;
    EXPECT_TRUE(is_ascii(encoded));
    for (std::string_view line : split("Subject: " + encoded, '\n')) EXPECT_LE(trim(line).size(), 90u);
  }
  for (std::string_view line : split("Subject: " + encode_text(long_korean, 9), '\n'))
    EXPECT_LE(trim(line).size(), 76u);
  EXPECT_EQ(encode_text("x\r\nBcc: evil", 9).find("\r\nBcc"), std::string::npos);
}

TEST(Fold, KeepsTextAndWidth) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "word" + std::to_string(i) + (i % 3 == 0 ? "  " : " ");
  std::string folded = fold(text, 10);
  EXPECT_EQ(unfold(folded), text);
  for (std::string_view line : split(folded, '\n')) {
    EXPECT_LE(line.size(), 78u);
    EXPECT_FALSE(trim(line).empty());
  }
}

}  // namespace
}  // namespace pabal::mail

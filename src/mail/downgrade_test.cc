#include "mail/downgrade.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "mail/address_list.h"
#include "mail/message.h"

namespace pabal::mail {
namespace {

TEST(Needs, AreSeen) {
  EXPECT_EQ(scan_needs("A: 1\r\n\r\nx\r\n"), Needs{});
  EXPECT_EQ(scan_needs("A: 1\r\n\r\n한\r\n"), Needs{.eightbit = true});
  EXPECT_EQ(scan_needs("A: 한\r\n\r\nx\r\n"), Needs{.utf8_headers = true});
  EXPECT_EQ(scan_needs("A: 1\r\n\r\nx\n"), Needs{.binary = true});
  EXPECT_EQ(scan_needs("A: 1\r\n\r\nx\ry\r\n"), Needs{.binary = true});
  EXPECT_EQ(scan_needs(std::string_view("A: 1\r\n\r\n\0\r\n", 11)), Needs{.binary = true});
  EXPECT_EQ(scan_needs("A: 1\r\n\r\n" + std::string(998, 'x') + "\r\n"), Needs{});
  EXPECT_EQ(scan_needs("A: 1\r\n\r\n" + std::string(999, 'x')), Needs{.binary = true});
  EXPECT_EQ(scan_needs("Content-Type: message/rfc822\r\n\r\nA: 한\r\n\r\nx"), Needs{.eightbit = true});
  EXPECT_EQ(scan_needs("Content-Type: message/global\r\n\r\nA: 한\r\n\r\nx"), Needs{.utf8_headers = true});
}

std::string convert(std::string_view message) {
  auto converted = to_7bit(message);
  EXPECT_TRUE(converted) << converted.error();
  if (!converted) return {};
  EXPECT_EQ(scan_needs(*converted), Needs{}) << *converted;
  return *converted;
}

TEST(To7Bit, LeavesWhatIs7Bit) {
  std::string message = "From: a@x.test\r\nContent-Transfer-Encoding: 8bit\r\n\r\nhello\r\n.\r\n";
  EXPECT_EQ(convert(message), message);
}

TEST(To7Bit, SinglePart) {
  std::string message = convert(
      "Subject: a\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; "
      "charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nhello 한글\r\n");
  Part part = parse_message(message);
  EXPECT_EQ(part.encoding, TransferEncoding::quoted_printable);
  EXPECT_EQ(text_of(part, message), "hello 한글\n");
  EXPECT_EQ(header_of(part, message).find_all("content-transfer-encoding").size(), 1u);
}

TEST(To7Bit, WithoutMime) {
  std::string message = convert("From: a@x.test\r\n\r\n한글\r\n");
  EXPECT_EQ(header_of(parse_message(message), message).value("mime-version"), "1.0");
  EXPECT_EQ(text_of(parse_message(message), message), "한글\n");
}

TEST(To7Bit, RawHeaders) {
  std::string message = convert(
      "Subject: 파발\r\nFrom: 김 <a@메일.한국>\r\nContent-Type: text/plain; name=\"파일.txt\"\r\n\r\nx\r\n");
  Header header = parse_header(message);
  EXPECT_EQ(header.text("subject"), "파발");
  EXPECT_EQ(header.value("from"), "=?utf-8?B?6rmA?= <a@xn--h32bq4v.xn--3e0b707e>");
  EXPECT_EQ(parse_message(message).type.parameter("name"), "파일.txt");
  EXPECT_FALSE(to_7bit("From: 김@x.test\r\n\r\nx\r\n"));
  EXPECT_EQ(parse_header(convert("From: 홍길동\r\n\r\nx\r\n")).text("from"), "홍길동");
}

// What nobody can name keeps its octets under a name that says so (RFC 1428 §3).
TEST(To7Bit, RawHeadersOfOldCharsets) {
  const std::string hello = "\xBE\xC8\xB3\xE7", dog = "\xB0\xAD\xBE\xC6\xC1\xF6";
  auto mail = [&](const std::string& type) {
    return "Subject: Re: " + hello + " =?utf-8?Q?=C3=A9?= " + dog + " x\r\nFrom: \"Kim, " + hello +
           "\" <a@b.test>\r\n" + "To: " + hello + ": " + dog + " <c@d.test>;, \"" + dog +
           "\" (x) <e@f.test>\r\n" + "Content-Type: " + type + "; name=\"" + hello + ".txt\"\r\n" +
           "Content-Disposition: attachment; filename=\"" + hello + hello + hello + hello + hello +
           ".txt\"; size=3\r\n\r\nx\r\n";
  };
  const std::string known = convert(mail("text/plain; charset=EUC-KR")),
                    unknown = convert(mail("application/x-any"));
  Header header = parse_header(known);
  EXPECT_EQ(header.value("subject"),
            "Re: =?EUC-KR?B?vsiz5yA=?= =?utf-8?Q?=C3=A9?= =?EUC-KR?B?ILCtvsbB9g==?= x");
  EXPECT_EQ(header.text("subject"), "Re: 안녕 é 강아지 x");
  EXPECT_EQ(header.value("from"), "=?EUC-KR?B?S2ltLCC+yLPn?= <a@b.test>");
  EXPECT_EQ(parse_address_list(header.value("to"))[1].display_name, "강아지");
  EXPECT_EQ(parse_content_disposition(header.value("content-disposition")).parameter("filename"),
            "안녕안녕안녕안녕안녕.txt");
  EXPECT_EQ(parse_content_type(header.value("content-type")).parameter("charset"), "EUC-KR");

  header = parse_header(unknown);
  EXPECT_EQ(header.value("subject"),
            "Re: =?unknown-8bit?B?vsiz5yA=?= =?utf-8?Q?=C3=A9?= =?unknown-8bit?B?ILCtvsbB9g==?= x");
  EXPECT_EQ(*find_parameter(raw_parameters(header.value("content-type")), "name*"),
            "unknown-8bit''%BE%C8%B3%E7.txt");
  EXPECT_EQ(filename({}, parse_content_type(header.value("content-type"))), "안녕.txt");

  // A backslash within a character escapes nothing, and groups stay what they are.
  const std::string backslashes = convert(
      "To: \"\xb3\\\xa5\\\xbb\\\" <a@b.test>, team: c@d.test, \xa5\\ <e@f.test>;, g@h.test\r\n"
      "Content-Type: text/plain; charset=big5; name=\"\xa5\\\"\r\n\r\n");
  header = parse_header(backslashes);
  EXPECT_EQ(header.value("to"),
            "=?big5?B?s1ylXLtc?= <a@b.test>, team: c@d.test, =?big5?B?pVw=?= <e@f.test>;, g@h.test");
  EXPECT_EQ(*find_parameter(raw_parameters(header.value("content-type")), "name*"), "big5''%A5%5C");

  // No character is cut, however long the text is.
  std::string many, text;
  for (int i = 0; i < 100; ++i) {
    many += hello;
    text += "안녕";
  }
  std::string message =
      convert("Content-Type: text/plain; charset=ks_c_5601-1987\r\nSubject: x" + many + "\r\n\r\n");
  EXPECT_EQ(parse_header(message).text("subject"), "x" + text);
  std::string subject = parse_header(message).value("subject");
  for (std::string_view word : split(subject, ' ')) {
    EXPECT_LE(word.size(), 75u);
    EXPECT_EQ(decode_text(word).find("\uFFFD"), std::string::npos) << word;
  }
}

TEST(ToAsciiHeaders, LeavesBodiesAlone) {
  const std::string body =
      "머리말\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
      "8bit\r\n\r\n한글 본문\r\n--b\r\n";
  const std::string enclosed = "Content-Type: message/rfc822\r\n\r\nSubject: 안쪽\r\n\r\n한\r\n--b--\r\n꼬리";
  std::string message =
      to_ascii_headers(
          "Subject: 안녕\r\nFrom: 김 <a@메일.한국>\r\nMIME-Version: 1.0\r\n"
          "Content-Type: multipart/mixed; boundary=b\r\n\r\n" +
          body + "Content-Type: image/png; name=\"그림.png\"\r\n\r\nx\r\n--b\r\n" + enclosed)
          .value();
  EXPECT_EQ(scan_needs(message), (Needs{.eightbit = true}));
  Header header = parse_header(message);
  EXPECT_EQ(header.text("subject"), "안녕");
  EXPECT_EQ(header.value("from"), "=?utf-8?B?6rmA?= <a@xn--h32bq4v.xn--3e0b707e>");
  EXPECT_NE(message.find(body), std::string::npos);
  EXPECT_TRUE(message.ends_with(enclosed));
  EXPECT_EQ(parse_message(message).children[1].type.parameter("name"), "그림.png");
  EXPECT_EQ(to_ascii_headers("Subject: x\n\n한").value(), "Subject: x\n\n한");
  EXPECT_FALSE(to_ascii_headers("To: 김@x.test\r\n\r\nx\r\n"));
  EXPECT_FALSE(to_ascii_headers("To: a@x.test\r\nReferences: <가@x.test>\r\n\r\nx\r\n"));
  EXPECT_FALSE(to_ascii_headers("MESSAGE-ID: <é@x>\r\n\r\nx\r\n"));
}

TEST(To7Bit, NestedParts) {
  std::string original =
      "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=o\r\nContent-Transfer-Encoding: "
      "8bit\r\n\r\n"
      "서문\r\n--o\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
      "8bit\r\n\r\n한글\r\n"
      "--o\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
      "Subject: 안쪽\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\nContent-Type: "
      "application/x\r\nContent-Transfer-Encoding: "
      "binary\r\n\r\n\xFF\xFE\n\r\n--i--\r\n"
      "--o\r\nContent-Type: text/plain\r\n\r\nplain \r\n--o--\r\n꼬리\r\n";
  std::string message = convert(original);
  Part root = parse_message(message), before = parse_message(original);
  auto old_leaves = leaf_parts(before, true), leaves = leaf_parts(root, true);
  ASSERT_EQ(leaves.size(), 3u);
  ASSERT_EQ(old_leaves.size(), 3u);
  for (size_t i = 0; i < 3; ++i)
    EXPECT_EQ(decode_body(*leaves[i], message), decode_body(*old_leaves[i], original));
  EXPECT_EQ(root.encoding, TransferEncoding::seven_bit);
  EXPECT_EQ(root.children[1].encoding, TransferEncoding::seven_bit);
  EXPECT_EQ(header_of(root.children[1].children[0], message).text("subject"), "안쪽");
  EXPECT_EQ(body_of(root.children[2], message), "plain ");
}

TEST(To7Bit, SignedPartThatIs7BitStays) {
  std::string_view signed_part = "Content-Type: text/plain\r\n\r\nsigned text \r\n";
  std::string message = convert(
      "Subject: 한\r\nMIME-Version: 1.0\r\nContent-Type: multipart/signed; boundary=s; "
      "micalg=pgp-sha256\r\n\r\n--s\r\n" +
      std::string(signed_part) +
      "\r\n--s\r\nContent-Type: application/pgp-signature\r\n\r\nAAAA\r\n--s--\r\n");
  EXPECT_NE(message.find(signed_part), std::string::npos);
}

TEST(To7Bit, BareLineEndsAndLongLines) {
  std::string body = "unix\nlines\nand " + std::string(3000, 'x') + "\n";
  std::string message = convert("Subject: x\nContent-Type: text/plain\n\n" + body);
  EXPECT_EQ(decode_body(parse_message(message), message), body);
  convert("Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n--b--\n");
  convert("X-Long: " + std::string(5000, 'y') + "\r\n\r\nx\r\n");
}

TEST(To7Bit, WhatCannotBeEncoded) {
  EXPECT_FALSE(to_7bit("Content-Type: message/partial; id=a; number=1\r\n\r\n한\r\n"));
  std::string message = convert("Content-Type: multipart/mixed\r\n\r\n--x\r\n\r\n한\r\n--x--\r\n");
  EXPECT_EQ(parse_message(message).type.name(), "application/octet-stream");
}

}  // namespace
}  // namespace pabal::mail

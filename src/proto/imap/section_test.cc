#include <gtest/gtest.h>

#include "proto/imap/response.h"
#include "proto/imap/test_section.h"

namespace pabal::proto::imap {
namespace {

// The complex message of RFC 9051 §6.4.5.1.
const std::string complex =
    "From: a@x.test\r\nSubject: outer\r\nContent-Type: multipart/mixed; boundary=A\r\n\r\n"
    "--A\r\nContent-Type: text/plain\r\n\r\none\r\n"
    "--A\r\nContent-Type: application/octet-stream\r\n\r\ntwo\r\n"
    "--A\r\nContent-Type: message/rfc822\r\n\r\n"
    /**/
    "Subject: three\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n"
    /**/
    "--B\r\nContent-Type: text/plain\r\n\r\nthree.one\r\n"
    /**/
    "--B\r\nContent-Type: application/octet-stream\r\n\r\nthree.two\r\n"
    /**/
    "--B--\r\n"
    "--A\r\nContent-Type: multipart/mixed; boundary=C\r\n\r\n"
    /**/
    "--C\r\nContent-Type: image/gif\r\n\r\nfour.one\r\n"
    /**/
    "--C\r\nContent-Type: message/rfc822\r\n\r\n"
    /****/
    "Subject: four.two\r\nContent-Type: multipart/mixed; boundary=D\r\n\r\n"
    /****/
    "--D\r\n\r\nfour.two.one\r\n"
    /****/
    "--D\r\nContent-Type: multipart/alternative; boundary=E\r\n\r\n"
    /******/
    "--E\r\n\r\nfour.two.two.one\r\n"
    /******/
    "--E\r\nContent-Type: text/richtext\r\n\r\nfour.two.two.two\r\n"
    /******/
    "--E--\r\n"
    /****/
    "--D--\r\n"
    /**/
    "--C--\r\n"
    "--A--\r\n";

std::string octets(const std::string& message, const Section& section) {
  auto found = section_octets(mail::parse_message(message), message, section);
  return found ? std::string(*found) : "(none)";
}

std::string part(const std::string& message, std::vector<uint32_t> numbers,
                 Section::Text what = Section::whole) {
  return octets(message, {.part = std::move(numbers), .what = what});
}

TEST(Section, PartsOfTheComplexMessage) {
  EXPECT_EQ(part(complex, {}), complex);
  EXPECT_EQ(part(complex, {1}), "one");
  EXPECT_EQ(part(complex, {2}), "two");
  EXPECT_EQ(part(complex, {3, 1}), "three.one");
  EXPECT_EQ(part(complex, {3, 2}), "three.two");
  EXPECT_EQ(part(complex, {4, 1}), "four.one");
  EXPECT_EQ(part(complex, {4, 2, 1}), "four.two.one");
  EXPECT_EQ(part(complex, {4, 2, 2, 1}), "four.two.two.one");
  EXPECT_EQ(part(complex, {4, 2, 2, 2}), "four.two.two.two");
  EXPECT_TRUE(part(complex, {3}).starts_with("Subject: three\r\n"));
  EXPECT_TRUE(part(complex, {4}).starts_with("--C\r\n"));
}

TEST(Section, HeadsOfTheComplexMessage) {
  EXPECT_EQ(part(complex, {}, Section::header) + part(complex, {}, Section::text), complex);
  EXPECT_EQ(part(complex, {3}, Section::header),
            "Subject: three\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n");
  EXPECT_TRUE(part(complex, {3}, Section::text).starts_with("--B\r\n"));
  EXPECT_TRUE(part(complex, {4, 2}, Section::header).starts_with("Subject: four.two\r\n"));
  EXPECT_TRUE(part(complex, {4, 2}, Section::text).starts_with("--D\r\n"));
  EXPECT_EQ(part(complex, {4, 1}, Section::mime), "Content-Type: image/gif\r\n\r\n");
  EXPECT_EQ(part(complex, {3}, Section::mime), "Content-Type: message/rfc822\r\n\r\n");
  EXPECT_EQ(part(complex, {4, 2, 2, 1}, Section::mime), "\r\n");
}

TEST(Section, WhatIsNotThere) {
  for (const auto& numbers : std::vector<std::vector<uint32_t>>{
           {0}, {5}, {1, 1}, {3, 3}, {3, 0}, {4, 3}, {4, 2, 3}, {4, 2, 1, 1}, {UINT32_MAX}}) {
    EXPECT_EQ(part(complex, numbers), "(none)");
  }
  // HEADER and TEXT are of messages only.
  EXPECT_EQ(part(complex, {1}, Section::header), "(none)");
  EXPECT_EQ(part(complex, {4}, Section::text), "(none)");
  EXPECT_EQ(part(complex, {}, Section::mime), "(none)");
}

TEST(Section, MessageThatIsNoMultipartHasOnePart) {
  std::string message = "Subject: x\r\n\r\nbody\r\n";
  EXPECT_EQ(part(message, {1}), "body\r\n");
  EXPECT_EQ(part(message, {1}, Section::mime), "Subject: x\r\n\r\n");
  EXPECT_EQ(part(message, {2}), "(none)");
  EXPECT_EQ(part(message, {1, 1}), "(none)");
  EXPECT_EQ(part(message, {1}, Section::text), "(none)");
}

TEST(Section, MessageThatIsAMessage) {
  std::string inner = "Subject: in\r\n\r\ntext\r\n", message = "Content-Type: message/rfc822\r\n\r\n" + inner;
  EXPECT_EQ(part(message, {1}), inner);
  EXPECT_EQ(part(message, {1}, Section::header), "Subject: in\r\n\r\n");
  EXPECT_EQ(part(message, {1}, Section::text), "text\r\n");
  EXPECT_EQ(part(message, {1, 1}), "text\r\n");
  EXPECT_EQ(part(message, {1, 2}), "(none)");
  EXPECT_EQ(part(message, {1, 1, 1}), "(none)");
  std::string twice = "Content-Type: message/rfc822\r\n\r\n" + message;
  EXPECT_EQ(part(twice, {1, 1}), inner);
  EXPECT_EQ(part(twice, {1, 1, 1}), "text\r\n");
}

TEST(Section, MultipartWithoutPartsHasTheEmptyOneOfItsStructure) {
  std::string message = "Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n--b--\r\n";
  EXPECT_EQ(part(message, {1}), "");
  EXPECT_EQ(part(message, {1}, Section::mime), "");
  EXPECT_EQ(part(message, {1, 1}), "(none)");
  EXPECT_EQ(part(message, {2}), "(none)");
}

TEST(Section, HeaderFieldsKeepOrderFormAndTheBlankLine) {
  std::string message =
      "Received: a\r\n b\r\nFROM: x@y.test\r\nSubject: s\r\nreceived: c\r\nFrom-X: no\r\n\r\nbody";
  Section section{.what = Section::header_fields, .fields = {"from", "RECEIVED", "none"}};
  EXPECT_EQ(octets(message, section), "Received: a\r\n b\r\nFROM: x@y.test\r\nreceived: c\r\n\r\n");
  section.what = Section::header_fields_not;
  EXPECT_EQ(octets(message, section), "Subject: s\r\nFrom-X: no\r\n\r\n");
  section = {.part = {3}, .what = Section::header_fields, .fields = {"Subject"}};
  EXPECT_EQ(octets(complex, section), "Subject: three\r\n\r\n");
  EXPECT_EQ(octets("Subject: s", {.what = Section::header_fields, .fields = {"subject"}}),
            "Subject: s\r\n\r\n");
  EXPECT_EQ(octets("Subject: s\r\n\r\n", {.what = Section::header_fields, .fields = {"date"}}), "\r\n");
}

TEST(Section, NamesAsTheAnswerHasThem) {
  auto name = [](FetchItem::Kind kind, Section section, std::optional<Partial> partial = {}) {
    return section_name({.kind = kind, .section = std::move(section), .partial = partial});
  };
  EXPECT_EQ(name(FetchItem::body_section, {}), "BODY[]");
  EXPECT_EQ(name(FetchItem::body_section, {}, Partial{0, 2048}), "BODY[]<0>");
  EXPECT_EQ(name(FetchItem::body_section, {.what = Section::header_fields, .fields = {"DATE", "a(b"}}),
            "BODY[HEADER.FIELDS (DATE \"a(b\")]");
  EXPECT_EQ(name(FetchItem::body_section, {{1, 2}, Section::header_fields_not, {"From"}}, Partial{7, 1}),
            "BODY[1.2.HEADER.FIELDS.NOT (From)]<7>");
  EXPECT_EQ(name(FetchItem::body_section, {.part = {4, 1}, .what = Section::mime}), "BODY[4.1.MIME]");
  EXPECT_EQ(name(FetchItem::body_section, {.what = Section::text}), "BODY[TEXT]");
  EXPECT_EQ(name(FetchItem::binary, {.part = {1}}, Partial{3, 1}), "BINARY[1]<3>");
  EXPECT_EQ(name(FetchItem::binary_size, {.part = {1, 2}}), "BINARY.SIZE[1.2]");
  EXPECT_EQ(name(FetchItem::rfc822, {}), "RFC822");
  EXPECT_EQ(name(FetchItem::rfc822_header, {}), "RFC822.HEADER");
  EXPECT_EQ(name(FetchItem::rfc822_text, {}), "RFC822.TEXT");
}

TEST(Binary, IsDecoded) {
  auto binary = [](const std::string& message, const std::vector<uint32_t>& part) {
    BinarySection section = binary_section(mail::parse_message(message), message, part);
    return section.not_decodable ? "(not decodable)" : section.octets.value_or("(none)");
  };
  auto encoded = [](const std::string& encoding, const std::string& body) {
    return "Content-Type: application/x\r\nContent-Transfer-Encoding: " + encoding + "\r\n\r\n" + body;
  };
  EXPECT_EQ(binary(encoded("base64", "AAEC\r\n/w==\r\n"), {1}), std::string("\0\1\2\xFF", 4));
  EXPECT_EQ(binary(encoded("quoted-printable", "a=\r\nb=00\r\n"), {1}), std::string("ab\0\r\n", 5));
  EXPECT_EQ(binary(encoded("8bit", "\xC3\xA4"), {1}), "\xC3\xA4");
  EXPECT_EQ(binary(encoded("x-uuencode", "abc"), {1}), "(not decodable)");
  EXPECT_EQ(binary(encoded("base64", "AAEC"), {2}), "(none)");
  EXPECT_EQ(binary(complex, {2}), "two");
  EXPECT_EQ(binary(complex, {4}), "(not decodable)");
  EXPECT_EQ(binary(complex, {}), complex);
}

TEST(Cut, TakesWhatIsThere) {
  EXPECT_EQ(cut("abcdef", std::nullopt), "abcdef");
  EXPECT_EQ(cut("abcdef", Partial{0, 3}), "abc");
  EXPECT_EQ(cut("abcdef", Partial{4, 100}), "ef");
  EXPECT_EQ(cut("abcdef", Partial{6, 1}), "");
  EXPECT_EQ(cut("abcdef", Partial{UINT64_MAX, UINT64_MAX}), "");
}

}  // namespace
}  // namespace pabal::proto::imap

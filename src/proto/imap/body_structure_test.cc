#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

#include "base/bytes.h"
#include "mail/encoding.h"
#include "proto/imap/list_for_test.h"
#include "proto/imap/response.h"
#include "proto/imap/test_section.h"

namespace pabal::proto::imap {
namespace {

std::string structure_of(const std::string& message, TextForm form = TextForm::seven_bit) {
  mail::Part root = mail::parse_message(message);
  std::string text = body_structure_text(root, message, form);
  EXPECT_TRUE(is_body_text(text, true, form)) << text;
  EXPECT_EQ(one_form(body_structure_forms(root, message), form), text);
  return text;
}

std::string body_of(const std::string& message, TextForm form = TextForm::seven_bit) {
  std::string text = body_text(mail::parse_message(message), message, form);
  EXPECT_TRUE(is_body_text(text, false, form)) << text;
  return text;
}

// The second element of a part's list, its parameters, of a text/x part with this type field.
std::string parameters_of(const std::string& rest) {
  std::string text = structure_of("Content-Type: image/png" + rest + "\r\n\r\n");
  std::string_view begin = "(\"image\" \"png\" ", end = " NIL NIL \"7bit\"";
  EXPECT_TRUE(text.starts_with(begin));
  return text.substr(begin.size(), text.find(end) - begin.size());
}

TEST(BodyStructure, PlainText) {
  EXPECT_EQ(structure_of("Subject: x\r\n\r\none\r\ntwo\r\n"),
            R"x(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 10 2 NIL NIL NIL NIL))x");
  EXPECT_EQ(body_of("Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n\r\none\r\ntwo"),
            R"x(("text" "plain" ("charset" "US-ASCII") NIL NIL "7bit" 8 1))x");
  EXPECT_EQ(body_of(""), R"x(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0))x");
}

// The shape of the example in RFC 9051 §7.5.2.
TEST(BodyStructure, TextWithAttachment) {
  EXPECT_EQ(body_of("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
                    "Content-Type: text/plain; charset=us-ascii\r\n\r\nhello\r\n\r\n--b\r\n"
                    "Content-Type: text/plain; charset=us-ascii; name=\"cc.diff\"\r\n"
                    "Content-ID: <960723163407.20117h@cac.washington.edu>\r\n"
                    "Content-Description: Compiler diff\r\n"
                    "Content-Transfer-Encoding: BASE64\r\n\r\naGVsbG8K\r\n\r\n--b--\r\n"),
            R"x((("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 7 1))x"
            R"x(("text" "plain" ("charset" "us-ascii" "name" "cc.diff") )x"
            R"x("<960723163407.20117h@cac.washington.edu>" "Compiler diff" "base64" 10 1) "mixed"))x");
}

TEST(BodyStructure, ExtensionData) {
  EXPECT_EQ(structure_of("Content-Type: application/pdf\r\nContent-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\r\n"
                         "Content-Disposition: Attachment; filename=\"a b.pdf\"; size=3\r\n"
                         "Content-Language: en, de (German)\r\nContent-Location: http://x.test/a\r\n"
                         "Content-Transfer-Encoding: x-uuencode\r\n\r\nabc"),
            R"x(("application" "pdf" NIL NIL NIL "x-uuencode" 3 "Q2hlY2sgSW50ZWdyaXR5IQ==" )x"
            R"x(("attachment" ("filename" "a b.pdf" "size" "3")) ("en" "de") "http://x.test/a"))x");
  EXPECT_EQ(
      structure_of("Content-Type: multipart/mixed; boundary=\"b c\"; x=y\r\nContent-Disposition: inline\r\n"
                   "Content-Language: ko\r\nContent-Location: l\r\n\r\n--b c\r\n\r\n\r\n--b c--"),
      R"x((("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0 NIL NIL NIL NIL) "mixed" )x"
      R"x(("boundary" "b c" "x" "y") ("inline" NIL) ("ko") "l"))x");
}

TEST(BodyStructure, MessageInMessage) {
  std::string inner = "From: a@x.test\r\nSubject: inner\r\n\r\nhi\r\n";
  EXPECT_EQ(
      structure_of("Content-Type: message/rfc822\r\n\r\n" + inner),
      R"x(("message" "rfc822" NIL NIL NIL "7bit" 38 )x"
      R"x((NIL "inner" ((NIL NIL "a" "x.test")) ((NIL NIL "a" "x.test")) )x"
      R"x(((NIL NIL "a" "x.test")) NIL NIL NIL NIL NIL) )x"
      R"x(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 4 1 NIL NIL NIL NIL) 4 NIL NIL NIL NIL))x");
}

// Encoded although it must not be (RFC 2046 §5.2.1), as some programs do: its own sizes
// are those of what is there, what is inside is what it decodes to.
TEST(BodyStructure, EncodedMessageInMessage) {
  const std::string inner =
      "Subject: inner\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n"
      "--i\r\n\r\nhi\r\n--i--\r\n";
  const std::string encoded = mail::base64_encode_lines(inner);
  const std::string message =
      "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + encoded;
  EXPECT_EQ(body_of(message),
            R"x(("message" "rfc822" NIL NIL NIL "base64" )x" + std::to_string(encoded.size()) +
                R"x( (NIL "inner" NIL NIL NIL NIL NIL NIL NIL NIL) )x"
                R"x((("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 2 0) "mixed") 2))x");
  mail::Part root = mail::parse_message(message);
  auto section = [&](std::vector<uint32_t> part, Section::Text what) {
    auto found = section_octets(root, message, {std::move(part), what, {}});
    return found ? std::string(*found) : "NIL";
  };
  EXPECT_EQ(section({1}, Section::whole), encoded);
  EXPECT_EQ(section({1}, Section::header), inner.substr(0, inner.find("--i")));
  EXPECT_EQ(section({1}, Section::text), inner.substr(inner.find("--i")));
  EXPECT_EQ(section({1, 1}, Section::whole), "hi");
  EXPECT_EQ(section({1, 2}, Section::whole), "NIL");
  EXPECT_EQ(binary_section(root, message, {1}).octets, inner);
}

TEST(BodyStructure, MessageThatIsNotLookedInto) {
  // Quoted-printable within quoted-printable: decoding goes no further than the message is large.
  std::string nested = "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n";
  std::string message;
  for (int i = 0; i < 60; ++i) message += nested;
  message += std::string(100'000, 'x');
  mail::Part root = mail::parse_message(message);
  const mail::Part* part = &root;
  std::vector<uint32_t> number{1};
  while (!part->is_leaf()) {
    part = &part->children[0];
    number.push_back(1);
  }
  EXPECT_TRUE(part->opaque);
  EXPECT_LT(number.size(), 5u);
  structure_of(message);
  number.push_back(1);
  EXPECT_EQ(section_octets(root, message, {number, Section::whole, {}}), "");
  number.pop_back();
  EXPECT_EQ(section_octets(root, message, {number, Section::header, {}}), "");
  EXPECT_EQ(section_octets(root, message, {number, Section::text, {}}), "");
}

// RFC 6532 §3.7: of a kind of its own for who knows it, and an attachment for others.
TEST(BodyStructure, MessageGlobal) {
  const std::string message = "Content-Type: message/global\r\n\r\nSubject: 파발\r\n\r\nx\r\n";
  for (TextForm form : {TextForm::seven_bit, TextForm::utf8})
    EXPECT_EQ(body_of(message, form), R"x(("message" "global" NIL NIL NIL "7bit" 22))x");
  EXPECT_EQ(body_of(message, TextForm::rev2),
            "(\"message\" \"global\" NIL NIL NIL \"7bit\" 22 (NIL \"파발\" NIL NIL NIL NIL NIL NIL NIL NIL) "
            "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 3 1) 3)");
  for (TextForm form : kTextForms) {
    for (std::string_view subtype : {"global-headers", "global-delivery-status"}) {
      EXPECT_EQ(body_of("Content-Type: message/" + std::string(subtype) + "\r\n\r\nSubject: 파발\r\n", form),
                "(\"message\" \"" + std::string(subtype) + "\" NIL NIL NIL \"7bit\" 17)");
    }
  }
}

TEST(BodyStructure, Utf8AsItIs) {
  const std::string message =
      "Content-Type: text/plain; charset=utf-8; name=\"파.txt\"\r\nContent-Description: 파\r\n"
      "Content-Disposition: attachment; filename*0=\"파\"; filename*1=발\r\n\r\n";
  for (TextForm form : {TextForm::utf8, TextForm::rev2})
    EXPECT_EQ(structure_of(message, form),
              "(\"text\" \"plain\" (\"charset\" \"utf-8\" \"name\" \"파.txt\") NIL \"파\" \"7bit\" 0 0 NIL "
              "(\"attachment\" (\"filename\" \"파발\")) NIL NIL)");
}

TEST(BodyStructure, MultipartWithoutPartsShowsAnEmptyText) {
  std::string empty = R"x((("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0) "mixed"))x";
  EXPECT_EQ(body_of("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b--\r\n"), empty);
  EXPECT_EQ(body_of("Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n"), empty);
}

TEST(BodyStructure, Parameters) {
  EXPECT_EQ(parameters_of(""), "NIL");
  EXPECT_EQ(parameters_of("; name=\"a\\\"b\""), R"x(("name" "a\"b"))x");
  EXPECT_EQ(parameters_of("; name*0=\"a b\"; name*1=c"), R"x(("name" "a bc"))x");
  EXPECT_EQ(parameters_of("; foo*1=\" plain%\"; bar=x; foo*0*=utf-8''%e2%82%ac"),
            R"x(("bar" "x" "foo*" "utf-8''%e2%82%ac%20plain%25"))x");
  EXPECT_EQ(parameters_of("; name=x.png; name*=utf-8'ko'%ED%8C%8C.png"),
            R"x(("name" "x.png" "name*" "utf-8'ko'%ED%8C%8C.png"))x");
  EXPECT_EQ(parameters_of("; name*1=lost; x*0*=a"), R"x(("name*1" "lost" "x*" "a"))x");
  EXPECT_EQ(parameters_of("; name*0=a; name*1*=%41"), R"x(("name*" "''a%41"))x");
  EXPECT_EQ(parameters_of("; name=\"=?utf-8?B?7YyM?=\r\n\t=?utf-8?B?67Cc?=\""),
            R"x(("name" "=?utf-8?B?7YyM?= =?utf-8?B?67Cc?="))x");
  EXPECT_EQ(parameters_of("; name=\"파.png\""), R"x(("name*" "utf-8''%ED%8C%8C.png"))x");
  EXPECT_EQ(parameters_of("; name=\"파.png\"; name*=utf-8''%ED%8C%8C"), R"x(("name*" "utf-8''%ED%8C%8C"))x");
}

// Of a part in its own charset, else in that of the message around it.
TEST(BodyStructure, RawTextInOtherCharsets) {
  const std::string name = "\x95\x5c-";  // "表-" in Shift_JIS
  const std::string inner = "Subject: " + name + "\r\nContent-Type: text/plain; charset=shift_jis\r\n\r\n";
  const std::string message =
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=sjis\r\n\r\n"
      "\r\n--b\r\nContent-Type: image/png; name=\"" +
      name + "\"\r\nContent-Description: " + name +
      "\r\nContent-Disposition: attachment; filename*0=a; filename*1=" + name + "\r\n\r\n" +
      "\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n" + inner + "\r\n--b--\r\n";
  for (TextForm form : kTextForms) {
    const std::string text = structure_of(message, form);
    const bool raw = form == TextForm::seven_bit;
    auto string = [&](std::string_view before) {
      const std::string value = std::string(before) + (raw ? name : "表-");
      return raw ? "{" + std::to_string(value.size()) + "}\r\n" + value : "\"" + value + "\"";
    };
    for (const std::string& expected :
         {"(\"name\" " + string("") + ") NIL " + string("") + " \"7bit\" 0",
          "(\"attachment\" (\"filename\" " + string("a") + "))", "(NIL " + string("") + " NIL NIL"})
      EXPECT_NE(text.find(expected), std::string::npos) << expected << " in " << text;
  }
}

TEST(BodyStructure, DescriptionIsSevenBit) {
  EXPECT_EQ(body_of("Content-Description: =?utf-8?q?x?= y\r\n\r\n"),
            R"x(("text" "plain" ("charset" "us-ascii") NIL "=?utf-8?q?x?= y" "7bit" 0 0))x");
  EXPECT_EQ(body_of("Content-Description: 파\r\n\r\n"),
            R"x(("text" "plain" ("charset" "us-ascii") NIL "=?utf-8?B?7YyM?=" "7bit" 0 0))x");
}

TEST(BodyStructure, DeepNestingIsCutWithoutLosingForm) {
  std::string message;
  for (int i = 0; i < 200; ++i) message += "Content-Type: message/rfc822\r\n\r\n";
  structure_of(message);
  message.clear();
  for (int i = 0; i < 200; ++i) {
    std::string boundary = "b" + std::to_string(i);
    message += "Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n--" + boundary + "\r\n";
  }
  structure_of(message);
}

// The corpora are not part of the repository; without them this says it is skipped.
TEST(BodyStructure, EveryMessageOfTheCorporaIsWellFormed) {
  std::filesystem::path corpora = std::filesystem::path(PABAL_SOURCE_DIR) / "../shared/corpora/mime";
  if (!std::filesystem::exists(corpora)) GTEST_SKIP() << "no corpora at " << corpora;
  size_t seen = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(corpora)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    std::stringstream bytes;
    bytes << in.rdbuf();
    std::string message = bytes.str();
    mail::Part root = mail::parse_message(message);
    for (TextForm form : kTextForms) {
      EXPECT_TRUE(is_envelope_text(
          envelope_text(mail::header_of(root, message), mail::declared_charset(root), form), form))
          << entry.path();
      EXPECT_TRUE(is_body_text(body_structure_text(root, message, form), true, form)) << entry.path();
      EXPECT_TRUE(is_body_text(body_text(root, message, form), false, form)) << entry.path();
    }
    ++seen;
  }
  EXPECT_GT(seen, 400u);
}

}  // namespace
}  // namespace pabal::proto::imap

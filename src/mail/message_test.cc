#include "mail/message.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace pabal::mail {
namespace {

TEST(Message, SinglePart) {
  std::string text = "Subject: x\r\n\r\none\r\ntwo";
  Part part = parse_message(text);
  EXPECT_TRUE(part.type.is("text", "plain"));
  EXPECT_EQ(body_of(part, text), "one\r\ntwo");
  EXPECT_EQ(part.header_lines, 2u);
  EXPECT_EQ(part.body_lines, 2u);
  EXPECT_EQ(parse_message("").size_octets(), 0u);
}

constexpr std::string_view nested =
    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"out\"\r\n\r\n"
    "preamble\r\n--out\r\nContent-Type: multipart/alternative; boundary=in\r\n\r\n"
    "--in\r\n\r\nplain\r\n--in  \r\nContent-Type: text/html; charset=euc-kr\r\nContent-Transfer-Encoding: "
    "base64\r\n\r\n"
    "x9Gx2w==\r\n--in--\r\nepilogue\r\n--out\r\n"
    "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninner body\r\n\r\n--out\r\n"
    "Content-Type: image/png; name=a.png\r\nContent-ID: <c@x>\r\nContent-Disposition: attachment; "
    "filename=\"b.png\"\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--out--\r\nend\r\n";

TEST(Message, Tree) {
  Part root = parse_message(nested);
  ASSERT_EQ(root.children.size(), 3u);
  EXPECT_EQ(nested.substr(root.body_begin, root.preamble_end - root.body_begin), "preamble");
  EXPECT_EQ(nested.substr(root.epilogue_begin), "end\r\n");
  const Part& alternative = root.children[0];
  ASSERT_EQ(alternative.children.size(), 2u);
  EXPECT_EQ(body_of(alternative.children[0], nested), "plain");
  EXPECT_EQ(alternative.children[0].body_lines, 1u);
  EXPECT_EQ(text_of(alternative.children[1], nested), "한글");
  EXPECT_EQ(nested.substr(alternative.epilogue_begin, alternative.body_end - alternative.epilogue_begin),
            "epilogue");
  const Part& message = root.children[1];
  ASSERT_EQ(message.children.size(), 1u);
  EXPECT_EQ(header_of(message.children[0], nested).value("subject"), "inner");
  EXPECT_EQ(body_of(message.children[0], nested), "inner body\r\n");
  EXPECT_EQ(message.body_lines, 3u);
  EXPECT_EQ(message.children[0].header_lines, 2u);
  EXPECT_EQ(message.children[0].body_lines, 1u);
  EXPECT_EQ(root.children[2].id, "<c@x>");
  EXPECT_EQ(decode_body(root.children[2], nested), std::string("\0\1\2", 3));
  EXPECT_EQ(leaf_parts(root, false).size(), 4u);
}

TEST(Message, LineCountsAddUp) {
  Part root = parse_message(nested);
  auto lines = [](std::string_view s) {
    return static_cast<size_t>(std::count(s.begin(), s.end(), '\n')) +
           (!s.empty() && s.back() != '\n' ? 1 : 0);
  };
  auto check = [&](auto& self, const Part& part) -> void {
    EXPECT_EQ(part.header_lines, lines(head_of(part, nested)));
    EXPECT_EQ(part.body_lines, lines(body_of(part, nested)));
    for (const Part& child : part.children) self(self, child);
  };
  check(check, root);
}

TEST(Message, ShownAndAttached) {
  Part root = parse_message(nested);
  BodyParts parts = find_text_parts(root);
  ASSERT_EQ(parts.text.size(), 1u);
  ASSERT_EQ(parts.html.size(), 1u);
  EXPECT_TRUE(parts.html[0]->type.is("text", "html"));
  auto attachments = list_attachments(root, nested);
  ASSERT_EQ(attachments.size(), 2u);
  EXPECT_EQ(attachments[1].name, "b.png");
  EXPECT_EQ(attachments[1].type, "image/png");
  EXPECT_EQ(attachments[1].size_octets, 3u);
}

TEST(Message, BrokenStructures) {
  std::string_view unclosed =
      "Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: multipart/mixed; "
      "boundary=i\r\n\r\n--i\r\n\r\na\r\n--o\r\n\r\nb";
  Part root = parse_message(unclosed);
  ASSERT_EQ(root.children.size(), 2u);
  EXPECT_EQ(body_of(root.children[0].children[0], unclosed), "a");
  EXPECT_EQ(body_of(root.children[1], unclosed), "b");

  std::string_view cut_head =
      "Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: text/html\r\n--o--\r\n";
  Part cut = parse_message(cut_head);
  ASSERT_EQ(cut.children.size(), 1u);
  EXPECT_TRUE(cut.children[0].type.is("text", "html"));
  EXPECT_EQ(cut.children[0].size_octets(), 0u);
  EXPECT_EQ(head_of(cut.children[0], cut_head), "Content-Type: text/html");

  EXPECT_TRUE(parse_message("Content-Type: multipart/mixed\r\n\r\n--x\r\n").opaque);
  Part digest =
      parse_message("Content-Type: multipart/digest; boundary=d\n\n--d\n\nSubject: in\n\nx\n--d--\n");
  ASSERT_EQ(digest.children.size(), 1u);
  EXPECT_TRUE(digest.children[0].type.is("message", "rfc822"));
  EXPECT_EQ(digest.children[0].children.size(), 1u);
}

TEST(Message, Limits) {
  std::string deep;
  for (int i = 0; i < 200; ++i) deep += "Content-Type: message/rfc822\r\n\r\n";
  size_t depth = 0;
  Part root = parse_message(deep);
  const Part* part = &root;
  for (; !part->children.empty(); part = &part->children[0]) ++depth;
  EXPECT_EQ(depth, 63u);
  EXPECT_TRUE(part->opaque);

  std::string wide = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
  for (int i = 0; i < 50; ++i) wide += "--b\r\n\r\nx\r\n";
  Part limited = parse_message(wide + "--b--\r\nend", {.parts_max = 10});
  EXPECT_EQ(limited.children.size(), 9u);
  EXPECT_TRUE(limited.opaque);
  EXPECT_EQ((wide + "--b--\r\nend").substr(limited.epilogue_begin), "end");
}

TEST(Parameters, Rfc2231) {
  ContentType type = parse_content_type(
      "application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20; "
      "title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\"");
  EXPECT_EQ(type.parameter("title"), "This is even more ***fun*** isn't it!");
  EXPECT_EQ(parse_content_disposition("attachment; filename*=euc-kr''%C7%D1%B1%DB.hwp; filename=\"x.hwp\"")
                .parameter("filename"),
            "한글.hwp");
  EXPECT_EQ(
      parse_content_disposition("attachment; filename=\"=?euc-kr?B?x9Gx2w==?=.hwp\"").parameter("filename"),
      "한글.hwp");
  EXPECT_EQ(
      parse_content_disposition("attachment;\r\n filename=my file (1).pdf ; size=3").parameter("filename"),
      "my file (1).pdf");
  EXPECT_EQ(raw_parameters("a/b; X*0*=u''%41; y=\"q;\\\"\""),
            (Parameters{{"x*0*", "u''%41"}, {"y", "q;\""}}));
}

TEST(Parameters, OctetsWithinCharactersAreNoSyntax) {
  EXPECT_EQ(raw_parameters("a/b; name=\"\x95\\\"; x=1", "shift_jis"),
            (Parameters{{"name", "\x95\\"}, {"x", "1"}}));
  EXPECT_EQ(raw_parameters("a/b; name=\"\xa5\\\"; x=1", "big5"),
            (Parameters{{"name", "\xa5\\"}, {"x", "1"}}));
  EXPECT_EQ(raw_parameters("a/b; name=\"\x1B$B$\"!\"\x1B(B.txt\"; x=1"),
            (Parameters{{"name", "\x1B$B$\"!\"\x1B(B.txt"}, {"x", "1"}}));
}

TEST(Parameters, Junk) {
  EXPECT_EQ(parse_content_type("TEXT/Html (comment); charset = utf-8 (Unicode)").parameter("charset"),
            "utf-8");
  EXPECT_EQ(parse_content_type("text").name(), "text/plain");
  EXPECT_EQ(parse_content_type("").name(), "text/plain");
  EXPECT_EQ(parse_content_type("multipart/mixed; boundary=\"open").parameter("boundary"), "open");
  EXPECT_EQ(parse_content_type("a/b;;; ;x=1;x=2;=3").parameters, (Parameters{{"x", "1"}}));
}

TEST(Parameters, FileNamesAreSafe) {
  auto name = [](std::string_view value) {
    return filename(parse_content_disposition("attachment; filename=\"" + std::string(value) + "\""), {});
  };
  EXPECT_EQ(name("../../etc/passwd"), "passwd");
  EXPECT_EQ(name("C:\\temp\\x.txt"), "x.txt");
  EXPECT_EQ(name("..bashrc"), "bashrc");
  EXPECT_EQ(name("a\tb"), "a b");
  EXPECT_EQ(name("photo\u202Egpj.exe"), "photogpj.exe");
  EXPECT_LE(name(std::string(1000, 'x')).size(), 255u);
  EXPECT_EQ(filename({}, parse_content_type("image/png; name=a.png")), "a.png");
}

TEST(Parameters, FormatRoundTrips) {
  std::string long_name;
  for (int i = 0; i < 40; ++i) long_name += "긴이름 ";
  for (const std::string& value : {std::string("a.png"), std::string("파일.hwp"), std::string("a \"b\" \\c"),
                                   long_name, std::string(100, 'x')}) {
    std::string text = "attachment" + format_parameter("filename", value);
    EXPECT_EQ(parse_content_disposition(text).parameter("filename"), value) << text;
    EXPECT_TRUE(is_ascii(text));
  }
}

}  // namespace
}  // namespace pabal::mail

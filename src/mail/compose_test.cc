#include "mail/compose.h"

#include <gtest/gtest.h>
#include <random>

#include "base/bytes.h"
#include "mail/downgrade.h"
#include "mail/message.h"

namespace pabal::mail {
namespace {

const ComposeContext context{
    .now = {1795253400000}, .utc_offset_minutes = 540, .token = "Zm9vYmFyMTIzNDU2", .domain = "seoul.test"};

Draft simple_draft() {
  return {.from = {{.display_name = "김앨리스", .address = "alice@seoul.test"}},
          .to = {{.display_name = "Bob, Jr.", .address = "bob@busan.test"}},
          .subject = "파발이 왔습니다",
          .text = "안녕하세요\nHello\n"};
}

TEST(Compose, SimpleText) {
  std::string message = compose(simple_draft(), context);
  Header header = parse_header(message);
  EXPECT_EQ(header.value("date"), "Sat, 21 Nov 2026 18:30:00 +0900");
  EXPECT_EQ(header.text("subject"), "파발이 왔습니다");
  EXPECT_EQ(header.value("message-id"), "<Zm9vYmFyMTIzNDU2@seoul.test>");
  EXPECT_EQ(parse_address_list(header.value("from"))[0].display_name, "김앨리스");
  EXPECT_EQ(parse_address_list(header.value("to"))[0].display_name, "Bob, Jr.");
  Part part = parse_message(message);
  EXPECT_EQ(text_of(part, message), "안녕하세요\nHello\n");
  EXPECT_EQ(scan_needs(message), Needs{});
}

TEST(Compose, PlainAsciiStaysReadable) {
  Draft draft = simple_draft();
  draft.text = "Hello\n";
  std::string message = compose(draft, context);
  EXPECT_NE(message.find("Content-Transfer-Encoding: 7bit\r\n\r\nHello\r\n"), std::string::npos);
}

TEST(Compose, EightBitAndUtf8WhereAllowed) {
  ComposeContext wide = context;
  wide.allow_8bit = wide.allow_utf8 = true;
  std::string message = compose(simple_draft(), wide);
  EXPECT_EQ(scan_needs(message), (Needs{.eightbit = true, .utf8_headers = true}));
  EXPECT_NE(message.find("Subject: 파발이 왔습니다\r\n"), std::string::npos);
  EXPECT_EQ(text_of(parse_message(message), message), "안녕하세요\nHello\n");
}

TEST(Compose, NoFieldCanBeSmuggledIn) {
  Draft draft = simple_draft();
  draft.subject = "x\r\nBcc: evil@x.test\r\n\r\nbody";
  draft.to[0].display_name = "a\nBcc: evil@x.test";
  draft.to[0].address = "a@x.test>\r\nBcc: <evil@x.test";
  draft.in_reply_to = "<a@b>\r\nBcc: evil@x.test";
  draft.extra_fields = {{"X-A", "1\r\nBcc: evil@x.test"}, {"Bcc: x\r\nY", "2"}};
  draft.attachments = {{.name = "a\r\nBcc: evil@x.test",
                        .type = "text/x\r\nBcc: evil@x.test",
                        .bytes = "x",
                        .content_id = "a\r\nBcc: x"}};
  draft.bcc = {{.address = "hidden@x.test"}};
  std::string message = compose(draft, context);
  EXPECT_EQ(parse_header(message).find("bcc"), nullptr);
  EXPECT_EQ(message.find("hidden"), std::string::npos);
  Part root = parse_message(message);
  for (const Part* part : leaf_parts(root, true)) EXPECT_EQ(header_of(*part, message).find("bcc"), nullptr);
}

TEST(Compose, WholeTree) {
  Draft draft = simple_draft();
  draft.html = "<p>안녕 <img src=\"cid:pic\"></p>\n";
  draft.inline_images = {{.name = "말.png", .bytes = std::string("\x89PNG\0\r\n", 7), .content_id = "pic"}};
  draft.attachments = {
      {.name = "보고서 2026 최종 정말로 최종 진짜 마지막 수정본.hwp", .bytes = std::string(5000, '\xAB')},
      {.name = "note.txt", .bytes = "no line end"}};
  std::string message = compose(draft, context);
  Part root = parse_message(message);
  EXPECT_TRUE(root.type.is("multipart", "mixed"));
  EXPECT_TRUE(root.children[0].type.is("multipart", "alternative"));
  EXPECT_TRUE(root.children[0].children[1].type.is("multipart", "related"));
  BodyParts parts = find_text_parts(root);
  ASSERT_EQ(parts.text.size(), 1u);
  ASSERT_EQ(parts.html.size(), 1u);
  EXPECT_EQ(text_of(*parts.html[0], message), draft.html);
  auto attachments = list_attachments(root, message);
  ASSERT_EQ(attachments.size(), 3u);
  EXPECT_EQ(attachments[0].part->id, "<pic>");
  EXPECT_EQ(attachments[1].name, draft.attachments[0].name);
  EXPECT_EQ(decode_body(*attachments[1].part, message), draft.attachments[0].bytes);
  EXPECT_EQ(decode_body(*attachments[2].part, message), "no line end");
}

TEST(Compose, EnclosedMessageIsNotEncoded) {
  Draft draft = simple_draft();
  draft.attachments = {{.name = "mail.eml", .bytes = "Subject: 안녕\r\n\r\n8비트\r\n"}};
  std::string message = compose(draft, context);
  EXPECT_EQ(scan_needs(message), Needs{});
  Part root = parse_message(message);
  ASSERT_EQ(root.children[1].children.size(), 1u);
  const Part& inner = root.children[1].children[0];
  EXPECT_EQ(header_of(inner, message).text("subject"), "안녕");
  EXPECT_EQ(text_of(inner, message), "8비트\n");
}

TEST(Compose, Recipients) {
  Draft draft = simple_draft();
  draft.cc = {{.address = "c@x.test"}, {.address = "bob@busan.test"}};
  draft.bcc = {{.address = "d@x.test"}, {.group = "empty", .empty_group = true}};
  EXPECT_EQ(recipients(draft), (std::vector<std::string>{"bob@busan.test", "c@x.test", "d@x.test"}));
  EXPECT_EQ(guess_media_type("a/b/사진.JPG"), "image/jpeg");
  EXPECT_EQ(guess_media_type("noending"), "application/octet-stream");
}

// Whatever is put in comes out again, in lines that SMTP takes.
TEST(Compose, RoundTripsAnyDraft) {
  std::mt19937 random(42);
  const std::string pieces[] = {
      "word", " ",  "\n", "한글 ", "긴", ".", "From x\n", "=?utf-8?Q?x?=", "--=_Zm9vYmFyMTIzNDU2_1",
      "\t",   "🐎", "=",  ",",     "\"", "(", "<"};
  auto text = [&](size_t count) {
    std::string out;
    for (size_t i = random() % (count + 1); i > 0; --i) out += pieces[random() % std::size(pieces)];
    return out;
  };
  auto line = [&](size_t count) {
    std::string out = text(count);
    std::erase(out, '\n');
    std::erase(out, '\t');
    return std::string(trim(out));
  };
  for (int round = 0; round < 300; ++round) {
    Draft draft{
        .from = {{.display_name = line(8), .address = "a@x.test"}}, .subject = line(40), .text = text(200)};
    if (round % 2 == 0) draft.html = "<p>" + text(100);
    if (round % 3 == 0)
      draft.attachments.push_back(
          {.name = "f" + line(20), .bytes = text(100) + std::string(random() % 100, '\xFE')});
    for (size_t i = random() % 20; i > 0; --i)
      draft.to.push_back({.display_name = line(8), .address = "b" + std::to_string(i) + "@x.test"});
    ComposeContext now = context;
    now.allow_8bit = round % 4 == 0;
    now.allow_utf8 = round % 5 == 0;
    std::string message = compose(draft, now);
    SCOPED_TRACE(message);
    Needs needs = scan_needs(message);
    EXPECT_FALSE(needs.binary);
    EXPECT_TRUE(now.allow_8bit || !needs.eightbit);
    EXPECT_TRUE(now.allow_utf8 || !needs.utf8_headers);
    Header header = parse_header(message);
    if (!now.allow_utf8) EXPECT_EQ(header.text("subject"), draft.subject);
    auto to = parse_address_list(header.find("to")->raw_value);
    for (size_t i = 0; i < draft.to.size(); ++i) {
      EXPECT_EQ(to[i].address, draft.to[i].address);
      if (!now.allow_utf8) EXPECT_EQ(to[i].display_name, draft.to[i].display_name);
    }
    Part root = parse_message(message);
    std::string expected = draft.text;
    if (!expected.empty() && !expected.ends_with('\n')) expected += '\n';
    const Part* first = leaf_parts(root, false)[0];
    if (first->type.is("text", "plain")) EXPECT_EQ(text_of(*first, message), expected);
    if (!draft.attachments.empty()) {
      auto attachments = list_attachments(root, message);
      ASSERT_EQ(attachments.size(), 1u);
      EXPECT_EQ(decode_body(*attachments[0].part, message), draft.attachments[0].bytes);
    }
  }
}

}  // namespace
}  // namespace pabal::mail

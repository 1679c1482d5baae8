#include "agent/view.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/draft.h"
#include "agent/overview.h"
#include "base/bytes.h"
#include "console/terminal.h"
#include "os/files.h"

namespace pabal::agent {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

// 2026-11-21T09:30:00Z
constexpr Time kNow{1795253400000};

DraftArgs alice_to_bob() {
  return {.from = "앨리스 <alice@seoul.test>",
          .to = {"Bob <bob@busan.test>"},
          .subject = "안녕하세요, 사진 보냅니다",
          .text = "잘 지내지?\n"};
}

std::string made(const DraftArgs& args) {
  auto mail = make_mail(args, {.now = kNow, .utc_offset_minutes = 540, .token = "abcdefghijklmnop"});
  EXPECT_TRUE(mail.has_value()) << mail.error();
  return mail ? mail->message : "";
}

class Saving : public testing::Test {
 protected:
  Saving() {
    std::string name = testing::TempDir() + "pabal-view-XXXXXX";
    directory_ = mkdtemp(name.data());
  }
  ~Saving() override { fs::remove_all(directory_); }

  std::vector<std::string> names() {
    std::vector<std::string> found;
    for (const SavedFile& file : save_attachments(disk_, message_, directory_ + "/in")) {
      EXPECT_EQ(fs::path(file.path).parent_path(), directory_ + "/in");
      found.push_back(fs::path(file.path).filename());
    }
    return found;
  }

  os::FileDisk disk_;
  std::string directory_, message_;
};

TEST(View, ReadsRawFieldsInTheCharsetOfTheText) {
  const std::string message =
      "Subject: \x95\x5c\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
      "Content-Type: text/plain; charset=shift_jis\r\n\r\n\x95\x5c\r\n--b--\r\n";
  EXPECT_EQ(format_message(message), "Subject: 表\n\n表\n");
  EXPECT_NE(format_message_json(message).find("\"表\""), std::string::npos);
}

TEST(View, ShowsTextAndListsAttachments) {
  DraftArgs args = alice_to_bob();
  args.attachments = {{.name = "고양이.png", .type = "", .bytes = std::string(2048, 'x'), .content_id = ""}};
  std::string shown = format_message(made(args));
  EXPECT_THAT(shown, HasSubstr("From: 앨리스 <alice@seoul.test>\n"));
  EXPECT_THAT(shown, HasSubstr("Subject: 안녕하세요, 사진 보냅니다\n"));
  EXPECT_THAT(shown, HasSubstr("\n\n잘 지내지?\n"));
  EXPECT_THAT(shown, HasSubstr("[1] 고양이.png  image/png  2.0 KiB"));
  EXPECT_THAT(format_message_json(made(args)), HasSubstr("\"name\":\"고양이.png\""));
}

TEST(View, HtmlAloneBecomesText) {
  DraftArgs args = alice_to_bob();
  args.text = "";
  args.html = "<p>Hello <b>you</b></p><script>alert(1)</script>";
  std::string shown = format_message(made(args));
  EXPECT_THAT(shown, HasSubstr("Hello you"));
  EXPECT_THAT(shown, Not(HasSubstr("alert")));
}

TEST(View, AMailCannotSteerTheTerminal) {
  std::string shown = format_message("Subject: \x1b]0;title\x07\r\n\r\n\x1b[2Jgone\r\n");
  EXPECT_EQ(shown.find('\x1b'), std::string::npos);
  EXPECT_EQ(shown.find('\x07'), std::string::npos);
}

TEST_F(Saving, KeepsNamesApart) {
  DraftArgs args = alice_to_bob();
  for (const char* bytes : {"one", "two", "three"})
    args.attachments.push_back({.name = "a.txt", .type = "", .bytes = bytes, .content_id = ""});
  message_ = made(args);
  EXPECT_EQ(names(), (std::vector<std::string>{"a.txt", "a (2).txt", "a (3).txt"}));
  EXPECT_EQ(names(), (std::vector<std::string>{"a (4).txt", "a (5).txt", "a (6).txt"}));
  std::ifstream first(directory_ + "/in/a.txt");
  std::string text;
  std::getline(first, text);
  EXPECT_EQ(text, "one") << "nothing is overwritten";
}

TEST_F(Saving, NamesCannotLeadOut) {
  for (const char* name :
       {"../../etc/passwd", "/etc/passwd", "..", ".bashrc", "a/b\\\\c", "-rf", "", "\x1b[2J.txt"}) {
    message_ = std::string(
                   "Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"") +
               name + "\"\r\n\r\nx\r\n";
    for (const std::string& saved : names()) {
      EXPECT_FALSE(saved.starts_with(".") || saved.starts_with("-")) << name;
      EXPECT_EQ(saved.find_first_of("/\\\x1b"), std::string::npos) << name;
    }
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_), {}), 1);
}

TEST_F(Saving, ADanglingLinkIsNotFollowed) {
  fs::create_directory(directory_ + "/in");
  fs::create_symlink(directory_ + "/outside", directory_ + "/in/a.txt");
  DraftArgs args = alice_to_bob();
  args.attachments = {{.name = "a.txt", .type = "", .bytes = "one", .content_id = ""}};
  message_ = made(args);
  EXPECT_EQ(names(), (std::vector<std::string>{"a (2).txt"}));
  EXPECT_FALSE(fs::exists(directory_ + "/outside"));
}

TEST(Overview, ColumnsLineUp) {
  Overview one = overview_of(made(alice_to_bob()));
  EXPECT_EQ(one.from, "앨리스");
  EXPECT_EQ(one.from_address, "alice@seoul.test");
  EXPECT_EQ(one.subject, "안녕하세요, 사진 보냅니다");
  ASSERT_TRUE(one.date);
  EXPECT_EQ(one.date->time, kNow);
  one.number = 1;
  one.size_octets = 700;
  Overview two = overview_of("From: bob@busan.test\r\nSubject: plain\r\n\r\n");
  two.number = 12;
  two.size_octets = 70'000;
  std::string listing = format_overviews({one, two}, 100);
  std::vector<std::string_view> lines = split(listing, '\n');
  ASSERT_EQ(lines.size(), 3u);
  auto before = [](std::string_view line, std::string_view word) {
    return display_width(line.substr(0, line.find(word)));
  };
  EXPECT_EQ(before(lines[0], "안녕"), before(lines[1], "plain"));
  EXPECT_THAT(format_overviews_json({one}), HasSubstr("\"date\":\"2026-11-21T09:30:00"));
}

TEST(Overview, FitsIntoNarrowTerminals) {
  Overview one = overview_of(made(alice_to_bob()));
  one.number = 7;
  one.size_octets = 700;
  for (size_t width : {40u, 60u, 80u, 86u}) {
    std::string listing = format_overviews({one}, width);
    for (std::string_view line : split(listing, '\n')) EXPECT_LE(display_width(line), width) << line;
    EXPECT_THAT(listing, HasSubstr("안녕하세요, 사진"));
    EXPECT_THAT(listing, HasSubstr("앨리스"));
    EXPECT_THAT(listing, HasSubstr("2026-11-21 "));
  }
}

TEST(Draft, SaysWhatIsWrong) {
  DraftContext context{.now = kNow, .token = "abcdefghijklmnop"};
  DraftArgs args = alice_to_bob();
  args.to = {"not an address"};
  EXPECT_THAT(make_mail(args, context).error(), HasSubstr("not an address"));
  args = alice_to_bob();
  args.to.clear();
  EXPECT_THAT(make_mail(args, context).error(), HasSubstr("nobody"));
  args = alice_to_bob();
  args.subject = "\xff";
  EXPECT_THAT(make_mail(args, context).error(), HasSubstr("UTF-8"));
}

TEST(Draft, BlindCopiesStandInTheEnvelopeOnly) {
  DraftArgs args = alice_to_bob();
  args.cc = {"carol@busan.test, dave@busan.test"};
  args.bcc = {"eve@busan.test"};
  auto mail = make_mail(args, {.now = kNow, .token = "abcdefghijklmnop"});
  ASSERT_TRUE(mail);
  ASSERT_EQ(mail->forward_paths.size(), 4u);
  EXPECT_EQ(mail->forward_paths[3].local, "eve");
  EXPECT_THAT(mail->message, Not(HasSubstr("eve")));
}

TEST(Draft, PicturesAreShownWithoutHtmlToo) {
  DraftArgs args = alice_to_bob();
  args.pictures = {{.name = "고양이.png", .type = "", .bytes = "png", .content_id = ""}};
  std::string message = made(args);
  EXPECT_THAT(message, HasSubstr("multipart/related"));
  EXPECT_THAT(message, HasSubstr("Content-ID: <picture-1>"));
}

}  // namespace
}  // namespace pabal::agent

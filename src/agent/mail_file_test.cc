#include "agent/mail_file.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

#include "agent/fetch.h"
#include "agent/seen_ids.h"
#include "os/real_world.h"

namespace pabal::agent {
namespace {

namespace fs = std::filesystem;

class MailFileTest : public testing::Test {
 protected:
  MailFileTest() : real_({}), world_(real_.world()) {
    std::string name = testing::TempDir() + "pabal-files-XXXXXX";
    directory_ = mkdtemp(name.data());
  }
  ~MailFileTest() override { fs::remove_all(directory_); }

  static std::string slurp(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  size_t count(const std::string& folder) {
    return static_cast<size_t>(std::distance(fs::directory_iterator(directory_ + folder), {}));
  }

  os::RealWorld real_;
  io::World world_;
  std::string directory_;
};

TEST_F(MailFileTest, MaildirHasOneFilePerMail) {
  Maildir maildir(world_, directory_ + "/deep/box");
  maildir.add("Subject: one\r\n\r\nFrom here\r\n");
  maildir.add("Subject: two\r\n\r\n");
  EXPECT_EQ(count("/deep/box/new"), 2u);
  EXPECT_EQ(count("/deep/box/tmp"), 0u);
  EXPECT_EQ(count("/deep/box/cur"), 0u);
  for (const auto& file : fs::directory_iterator(directory_ + "/deep/box/new")) {
    std::string text = slurp(file.path());
    EXPECT_TRUE(text == "Subject: one\n\nFrom here\n" || text == "Subject: two\n\n") << text;
    EXPECT_EQ(file.path().filename().string().find_first_of(":/"), std::string::npos);
  }
}

TEST_F(MailFileTest, MboxQuotesSoThatItCanBeUndone) {
  EXPECT_EQ(mbox_entry("Return-Path: <a@x.test>\r\n\r\nFrom me\r\n>From you\r\n>>From\r\nfrom\r\nx", Time{0}),
            "From a@x.test Thu Jan  1 00:00:00 1970\n"
            "Return-Path: <a@x.test>\n\n>From me\n>>From you\n>>From\nfrom\nx\n\n");
  EXPECT_TRUE(mbox_entry("Return-Path: <>\r\nFrom: \"Alice K\" <alice@x.test>\r\n\r\n", Time{0})
                  .starts_with("From alice@x.test "));
  EXPECT_TRUE(mbox_entry("\r\n", Time{0}).starts_with("From MAILER-DAEMON "));
}

TEST_F(MailFileTest, MboxIsAppendedTo) {
  std::string path = directory_ + "/mbox";
  {
    std::ofstream old(path);
    old << "From x Thu Jan  1 00:00:00 1970\n\nno line end";
  }
  Mbox mbox(world_, path);
  mbox.add("Subject: one\r\n\r\nhello\r\n");
  mbox.add("Subject: two\r\n\r\nhello\r\n");
  std::string text = slurp(path);
  EXPECT_TRUE(text.starts_with("From x Thu Jan  1 00:00:00 1970\n\nno line end\n\nFrom "));
  EXPECT_NE(text.find("hello\n\nFrom "), std::string::npos);
  EXPECT_THROW(Mbox(world_, path), io::IoError) << "one program at a time";
}

TEST_F(MailFileTest, SeenIdsAreKeptInMind) {
  std::string path = directory_ + "/ids";
  {
    SeenIds seen(world_.disk, path);
    EXPECT_FALSE(seen.contains({"1.1", 10}));
    for (const char* uid : {"1.1", "1.2", "1.3"}) seen.add({uid, 10});
  }
  SeenIds seen(world_.disk, path);
  EXPECT_TRUE(seen.contains({"1.2", 10}));
  EXPECT_FALSE(seen.contains({"1.2", 11})) << "given again to another mail";
  seen.keep_only({{"1.3", 10}, {"1.4", 10}});
  EXPECT_TRUE(seen.contains({"1.3", 10}));
  EXPECT_FALSE(seen.contains({"1.2", 10}));
  EXPECT_FALSE(seen.contains({"1.4", 10}));
  EXPECT_EQ(slurp(path), "10 1.3\n");
}

TEST_F(MailFileTest, ASeenIdThatWasCutOffIsNone) {
  std::string path = directory_ + "/ids";
  std::ofstream(path) << "10 abc\n10 abcdef";
  SeenIds seen(world_.disk, path);
  EXPECT_TRUE(seen.contains({"abc", 10}));
  EXPECT_FALSE(seen.contains({"abcdef", 10}));
  seen.add({"abcx", 11});
  EXPECT_EQ(slurp(path), "10 abc\n11 abcx\n");
}

TEST(FetchTarget, EachHasItsOwnMemoryOfEachAccount) {
  FetchTarget maildir{FetchTarget::maildir, "/a/b"}, mbox{FetchTarget::mbox, "/a/b"};
  EXPECT_EQ(seen_path(maildir, "me"), "/a/b/pabal-fetched-me");
  EXPECT_EQ(seen_path(mbox, "me"), "/a/.b.pabal-fetched-me");
  EXPECT_EQ(seen_path({FetchTarget::mbox, "b"}, "me"), ".b.pabal-fetched-me");
}

TEST(FetchTarget, IsAMaildirOrAnMbox) {
  EXPECT_EQ(parse_target("maildir:/a/b/")->path, "/a/b");
  EXPECT_EQ(parse_target("mbox:x")->kind, FetchTarget::mbox);
  for (const char* wrong : {"", "x", "maildir:", "mh:/a", ":x"}) EXPECT_FALSE(parse_target(wrong)) << wrong;
}

}  // namespace
}  // namespace pabal::agent

#include "agent/dead_letter.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

namespace pabal::agent {
namespace {

constexpr Time kNow{1'795'253'400'000};

class DeadLetter : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/pabal-dead-letter-XXXXXX";
    home_ = mkdtemp(name);
  }
  void TearDown() override { std::filesystem::remove_all(home_); }

  std::string home_;
};

TEST_F(DeadLetter, IsAnMboxThatGrows) {
  auto path = keep_dead_letter(home_, "Subject: s\r\n\r\nFrom here\n>From there", "root", kNow);
  ASSERT_TRUE(path.has_value()) << path.error();
  EXPECT_TRUE(keep_dead_letter(home_, "x\n", "root", kNow).has_value());
  std::ifstream file(*path);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(),
            "From root Sat Nov 21 09:30:00 2026\nSubject: s\n\n>From here\n>>From there\n\n"
            "From root Sat Nov 21 09:30:00 2026\nx\n\n");
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(*path).permissions(), perms::owner_read | perms::owner_write);
}

TEST_F(DeadLetter, DoesNotFollowALink) {
  std::filesystem::create_symlink(home_ + "/elsewhere", home_ + "/dead.letter");
  EXPECT_FALSE(keep_dead_letter(home_, "x\n", "root", kNow).has_value());
  EXPECT_FALSE(std::filesystem::exists(home_ + "/elsewhere"));
}

TEST_F(DeadLetter, NeedsAHome) {
  EXPECT_FALSE(keep_dead_letter("", "x\n", "root", kNow).has_value());
  EXPECT_FALSE(keep_dead_letter(home_ + "/none", "x\n", "root", kNow).has_value());
}

}  // namespace
}  // namespace pabal::agent

#include "console/console.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

namespace pabal {

TEST(Table, ColumnsLineUpAlsoUnderHangul) {
  Table table({"NAME", "STATE"});
  table.row({"파발", "ok"});
  table.row({"a-long-name", "held"});
  EXPECT_EQ(table.text(),
            "NAME         STATE\n"
            "파발         ok\n"
            "a-long-name  held\n");
}

class Passwords : public testing::Test {
 protected:
  // What is chosen when `typed` is what comes; "refused: why".
  std::string choose(const std::string& typed, bool terminal, bool may_be_short = false,
                     bool may_be_empty = false) {
    std::istringstream in(typed);
    std::ostringstream out;
    Console console{in, out, err_, terminal};
    try {
      return choose_password(console, "", may_be_short, may_be_empty);
    } catch (const CommandError& e) {
      return "refused: " + std::string(e.what());
    }
  }
  std::ostringstream err_;
};

TEST_F(Passwords, AreAskedForAgainWithTheReason) {
  EXPECT_EQ(choose("\nshort\nlong enough\nother\nlong enough\nlong enough\n", true),
            "refused: the two passwords differ. Nothing was changed.");
  EXPECT_THAT(err_.str(), testing::HasSubstr("the password is empty"));
  EXPECT_THAT(err_.str(), testing::HasSubstr("too short: it needs 8 characters"));
  EXPECT_EQ(choose("\nlong enough\nlong enough\n", true), "long enough");
  EXPECT_EQ(choose("\n", true, false, true), "");
  EXPECT_EQ(choose("", true), "refused: the password is empty. Nothing was changed.");
  EXPECT_EQ(choose("열려라참깨뚝딱\n열려라참깨뚝딱뚝\n열려라참깨뚝딱뚝\n", true), "열려라참깨뚝딱뚝");
}

TEST_F(Passwords, OfFilesAreRefusedOrWarnedOf) {
  EXPECT_THAT(choose("seven77\n", false), testing::StartsWith("refused: the password is too short"));
  EXPECT_EQ(choose("eight888\n", false), "eight888");
  EXPECT_EQ(err_.str(), "");
  EXPECT_EQ(choose("pw\n", false, true), "pw");
  EXPECT_THAT(err_.str(), testing::HasSubstr("warning: the password is too short"));
  EXPECT_THAT(choose("\n", false, true), testing::StartsWith("refused: the password is empty"));
}

TEST(Table, NothingForNoRows) {
  EXPECT_EQ(Table({"NAME"}).text(), "");
}

}  // namespace pabal

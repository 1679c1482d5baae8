#include "app/terminal.h"

#include <gtest/gtest.h>

namespace pabal::app {
namespace {

TEST(Terminal, NothingSteersIt) {
  EXPECT_EQ(terminal_line("a\x1b[31mred\x07"), "a\uFFFD[31mred\uFFFD");
  EXPECT_EQ(terminal_line("c1 \xc2\x9b"
                          "31m"),
            "c1 \uFFFD31m");
  EXPECT_EQ(terminal_line("evil\u202Egnp.exe"), "evilgnp.exe");
  EXPECT_EQ(terminal_line("two\nlines\tand tab"), "two lines and tab");
  EXPECT_EQ(terminal_text("two\r\nlines\rlone\ttab"), "two\nlines\uFFFDlone\ttab");
  EXPECT_EQ(terminal_line("broken \xff utf-8"), "broken \uFFFD utf-8");
}

TEST(Terminal, WideCharactersTakeTwoCells) {
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("파발"), 4u);
  EXPECT_EQ(display_width("日本"), 4u);
  EXPECT_EQ(display_width("e\u0301"), 1u);
  EXPECT_EQ(display_width("\u1112\u1161\u11ab"), 2u) << "decomposed 한";
  EXPECT_EQ(display_width("🐈"), 2u);
}

TEST(Terminal, FitsIntoItsColumn) {
  EXPECT_EQ(fit("abc", 5), "abc  ");
  EXPECT_EQ(fit("파발", 5), "파발 ");
  EXPECT_EQ(fit("abcdef", 4), "abc…");
  EXPECT_EQ(fit("파발마", 5), "파발…");
  EXPECT_EQ(fit("파발마", 4), "파… ") << "half a syllable cannot be shown";
  EXPECT_EQ(fit("abc", 0), "");
  for (size_t width = 1; width < 12; ++width) EXPECT_EQ(display_width(fit("ab파c발d마ef", width)), width);
}

}  // namespace
}  // namespace pabal::app

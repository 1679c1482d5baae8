#include "console/terminal.h"

#include <gtest/gtest.h>

namespace pabal {
namespace {

TEST(Terminal, NothingSteersIt) {
  EXPECT_EQ(terminal_line("a\x1b[31mred\x07"), "a\uFFFD[31mred\uFFFD");
  EXPECT_EQ(terminal_line("c1 \xc2\x9b"
                          "31m"),
            "c1 \uFFFD31m");
  EXPECT_EQ(terminal_line("evil\u202Egnp.exe\u2066"), "evil\uFFFDgnp.exe\uFFFD");
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

TEST(Terminal, FoldsAtBlanks) {
  EXPECT_EQ(fold_line("short", 20), "short");
  EXPECT_EQ(fold_line("one two three four five", 20), "one two three four\nfive");
  EXPECT_EQ(fold_line("exactly twenty cells", 20), "exactly twenty cells");
  EXPECT_EQ(fold_line("    one two three four five", 24), "    one two three four\n    five");
  EXPECT_EQ(fold_line("a averyveryverylongwordthatstayswhole b", 20),
            "a\naveryveryverylongwordthatstayswhole\nb");
  EXPECT_EQ(fold_line("하나 둘 셋 넷 다섯 여섯 일곱", 20), "하나 둘 셋 넷 다섯\n여섯 일곱");
  EXPECT_EQ(fold_line("日本語には空白がないのでどこでも折れる", 20),
            "日本語には空白がない\nのでどこでも折れる");
}

TEST(Terminal, FoldsBelowTheLastColumn) {
  EXPECT_EQ(fold_line("  --quota SIZE    Most that its mail may take, such as 2GiB", 40),
            "  --quota SIZE    Most that its mail may\n"
            "                  take, such as 2GiB");
  EXPECT_EQ(fold_line("name  value  and a long one that goes on and on", 40),
            "name  value  and a long one that goes on\n             and on");
}

TEST(Terminal, ACommandCanBeCopiedAndJsonStaysWhole) {
  EXPECT_EQ(fold_line("Next:  pabal serve --config /etc/pabal/pabal.toml", 40),
            "Next:  pabal serve --config \\\n         /etc/pabal/pabal.toml");
  EXPECT_EQ(fold_line("  printf 'one two three four five' | curl --upload-file -", 40),
            "  printf 'one two three four five' | \\\n    curl --upload-file -");
  std::string json = "{\"a\": \"" + std::string(100, 'x') + " y\"}";
  EXPECT_EQ(fold_line(json, 40), json);
}

TEST(Terminal, FoldsAnyTextToAnyWidth) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += i % 7 == 0 ? "파발 " : i % 5 == 0 ? "ab  " : "e\u0301x ";
  for (size_t width = 20; width < 100; ++width) {
    std::string folded = fold_line(text, width), joined;
    for (size_t at = 0; at <= folded.size();) {
      size_t end = std::min(folded.find('\n', at), folded.size());
      std::string line = folded.substr(at, end - at);
      EXPECT_LE(display_width(line.substr(0, line.find_last_not_of(' ') + 1)), width) << line;
      for (char c : line) joined += c == ' ' ? "" : std::string(1, c);
      at = end + 1;
    }
    std::string without;
    for (char c : text) without += c == ' ' ? "" : std::string(1, c);
    EXPECT_EQ(joined, without) << "no letter is lost";
  }
}

}  // namespace
}  // namespace pabal

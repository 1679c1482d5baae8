#include "base/bytes.h"

#include <gtest/gtest.h>

#include "base/digits.h"
#include "base/log.h"
#include "base/visible.h"

namespace pabal {

TEST(Bytes, SplitKeepsEmptyPieces) {
  EXPECT_EQ(split("a,,b", ','), (std::vector<std::string_view>{"a", "", "b"}));
  EXPECT_EQ(split("", ','), (std::vector<std::string_view>{""}));
}

TEST(Bytes, ParseUintRefusesSignsAndOverflow) {
  EXPECT_EQ(parse_uint("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(parse_uint("18446744073709551616"), std::nullopt);
  EXPECT_EQ(parse_uint("+1"), std::nullopt);
  EXPECT_EQ(parse_uint(""), std::nullopt);
}

TEST(Bytes, Utf8RefusesOverlongSurrogateAndTooHigh) {
  EXPECT_TRUE(is_utf8("파발 \xF0\x9F\x93\xAF"));
  EXPECT_FALSE(is_utf8("\xC0\xAF"));
  EXPECT_FALSE(is_utf8("\xED\xA0\x80"));
  EXPECT_FALSE(is_utf8("\xF4\x90\x80\x80"));
  EXPECT_FALSE(is_utf8("\xE2\x82"));
}

TEST(Bytes, PrintableShowsControlsAndBrokenBytes) {
  EXPECT_EQ(printable("a\x1b[31m\r\n파\xff"), "a\\x1b[31m\\x0d\\x0a파\\xff");
  EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");
  EXPECT_EQ(printable("abcdef", 3), "abc...");
  EXPECT_EQ(printable("a\u202Egpj.exe\u2066"), "a\\xe2\\x80\\xaegpj.exe\\xe2\\x81\\xa6");
  EXPECT_EQ(printable("\u2028\xED\xA0\x80"), "\\xe2\\x80\\xa8\\xed\\xa0\\x80");
}

TEST(Bytes, JsonHasNothingThatSteersWhoShowsIt) {
  EXPECT_EQ(json_escape("a\"\\\x1b\x7f\n한"), "a\\\"\\\\\\u001b\\u007f\\u000a한");
  EXPECT_EQ(json_escape("\u0085\u202E\u2069\u2028"), "\\u0085\\u202e\\u2069\\u2028");
  EXPECT_EQ(json_escape("한\xFF글"), "한\\u00ff글");
  LogField field{"subject", "\u202Ex\u009B"};
  EXPECT_EQ(format_text(LogLevel::info, "e", {field}), "info e subject=\\xe2\\x80\\xaex\\xc2\\x9b");
  EXPECT_EQ(format_json(LogLevel::info, "e", {field}),
            R"("level":"info","event":"e","subject":"\u202ex\u009b")");
}

TEST(Bytes, CharactersOfBrokenText) {
  EXPECT_EQ(first_character("\U0001F40Ex").value, U'\U0001F40E');
  EXPECT_EQ(first_character("\U0001F40Ex").octets, 4u);
  EXPECT_FALSE(first_character("\xED\xA0\x80").well_formed);  // a lone surrogate
  EXPECT_EQ(first_character("\xED\xA0\x80").octets, 1u);
}

TEST(Bytes, HexBothWays) {
  EXPECT_EQ(to_hex(std::string_view("\x00\xff", 2)), "00ff");
  EXPECT_EQ(from_hex("00Ff"), std::string("\x00\xff", 2));
  EXPECT_EQ(from_hex("0"), std::nullopt);
  EXPECT_EQ(from_hex("0g"), std::nullopt);
}

TEST(Digits, AsPrintfWritesThem) {
  for (int64_t number :
       {int64_t{0}, int64_t{7}, int64_t{42}, int64_t{-3}, int64_t{12345}, INT64_MAX, INT64_MIN}) {
    for (int width = 0; width < 8; ++width) {
      char expected[32];
      snprintf(expected, sizeof expected, "%0*lld|", width, static_cast<long long>(number));
      if (number == 0 && width == 0) continue;  // printf writes one digit at least
      std::string out;
      append_digits(out, {{number, static_cast<size_t>(width), '|'}});
      EXPECT_EQ(out, expected);
    }
  }
}

}  // namespace pabal

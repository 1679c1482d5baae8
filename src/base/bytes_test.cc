#include "base/bytes.h"

#include <gtest/gtest.h>

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
}

TEST(Bytes, HexBothWays) {
  EXPECT_EQ(to_hex(std::string_view("\x00\xff", 2)), "00ff");
  EXPECT_EQ(from_hex("00Ff"), std::string("\x00\xff", 2));
  EXPECT_EQ(from_hex("0"), std::nullopt);
  EXPECT_EQ(from_hex("0g"), std::nullopt);
}

}  // namespace pabal

#include "proto/imap/sequence_set.h"

#include <gtest/gtest.h>

namespace pabal::proto::imap {
namespace {

std::string normal(std::string_view text, uint32_t highest) {
  auto set = parse_sequence_set(text);
  return set ? format_set(normalize(*set, highest)) : "none";
}

TEST(ImapSequenceSet, Parses) {
  auto set = parse_sequence_set("1:4,7,9:*,*");
  ASSERT_TRUE(set);
  EXPECT_EQ(set->ranges, (std::vector<NumberRange>{{1, 4}, {7, 7}, {9, kStar}, {kStar, kStar}}));
  EXPECT_TRUE(parse_sequence_set("4294967295"));
  auto saved = parse_sequence_set("$");
  ASSERT_TRUE(saved);
  EXPECT_TRUE(saved->saved);
  EXPECT_TRUE(saved->ranges.empty());
}

TEST(ImapSequenceSet, RefusesWhatIsNone) {
  for (std::string_view bad : {"",   "0",     "1:0",  "01", "1,",  ",1",         "1:",
                               ":1", "1:2:3", "1..3", "a",  "1 2", "4294967296", "99999999999999999999",
                               "**", "$,1",   "1,$",  "-1", "+1",  "1:,2"})
    EXPECT_FALSE(parse_sequence_set(bad)) << bad;
}

// RFC 9051 §9, comments of seq-range and sequence-set.
TEST(ImapSequenceSet, Normalizes) {
  EXPECT_EQ(normal("2,4:7,9,12:*", 15), "2,4:7,9,12:15");
  EXPECT_EQ(normal("*:4,5:7", 10), "4:10");
  EXPECT_EQ(normal("4:2", 10), "2:4");
  EXPECT_EQ(normal("3291:*", 100), "100:3291");
  EXPECT_EQ(normal("1,2,3", 9), "1:3");
  EXPECT_EQ(normal("9,1,5:7,6:8", 9), "1,5:9");
  EXPECT_EQ(normal("*", 0), "");
  EXPECT_EQ(normal("1:*,3", 0), "3");
  EXPECT_EQ(normal("1:4294967295,5", 9), "1:4294967295");
  EXPECT_EQ(normal("$", 9), "");
}

TEST(ImapSequenceSet, Formats) {
  EXPECT_EQ(format_set(std::vector<uint32_t>{}), "");
  EXPECT_EQ(format_set(std::vector<uint32_t>{1, 2, 3, 7, 9, 10}), "1:3,7,9:10");
  EXPECT_EQ(format_set(std::vector<NumberRange>{{1, 1}, {3, 5}, {7, kStar}}), "1,3:5,7:*");
}

TEST(ImapSequenceSet, Grows) {
  std::vector<NumberRange> ranges;
  for (uint32_t number : {1u, 2u, 3u, 7u, 8u, 4294967295u}) add_to(ranges, number);
  EXPECT_EQ(format_set(ranges), "1:3,7:8,4294967295");
}

TEST(ImapSequenceSet, Contains) {
  std::vector<NumberRange> ranges{{2, 4}, {7, 7}, {10, 20}};
  for (uint32_t number = 0; number < 25; ++number)
    EXPECT_EQ(contains(ranges, number),
              (number >= 2 && number <= 4) || number == 7 || (number >= 10 && number <= 20))
        << number;
  EXPECT_FALSE(contains({}, 1));
}

TEST(ImapSequenceSet, IsLimited) {
  std::string many = "1";
  for (size_t i = 1; i < kSetRangesMax; ++i) many += ",1";
  EXPECT_TRUE(parse_sequence_set(many));
  EXPECT_FALSE(parse_sequence_set(many + ",1"));
}

}  // namespace
}  // namespace pabal::proto::imap

#include "serve/imap/search_answer.h"

#include <gtest/gtest.h>

namespace pabal::serve::imap {
namespace {

namespace wire = proto::imap;
using wire::ReturnOptions;

// Message n has UID 100 + n and MODSEQ 1000 - n.
class SearchAnswer : public testing::Test {
 protected:
  std::vector<reading::Hit> hits(std::vector<uint32_t> numbers) {
    items_.clear();
    for (uint32_t number : numbers) items_.push_back({.uid = 100 + number, .modseq = 1000 - int64_t{number}});
    std::vector<reading::Hit> out;
    for (size_t i = 0; i < numbers.size(); ++i)
      out.push_back({numbers[i], static_cast<unsigned char>(i + 1), &items_[i]});
    return out;
  }
  std::string answer(const ReturnOptions& returns, std::vector<uint32_t> numbers, bool uid = false,
                     bool modseq = false) {
    std::string out;
    put_esearch(out, {.tag = "A1", .uid = uid, .modseq = modseq}, effective(returns, false),
                hits(std::move(numbers)));
    return out;
  }

  std::vector<reading::Item> items_;
};

ReturnOptions::PartialRange partial(bool from_end, uint32_t first, uint32_t last, std::string text) {
  return {.from_end = from_end, .first = first, .last = last, .as_written = std::move(text)};
}

// The examples of RFC 4731 §3.1 and RFC 5182 §2.4.
TEST_F(SearchAnswer, PutsWhatWasAskedFor) {
  EXPECT_EQ(answer({.given = true, .min = true, .count = true}, {2, 10, 11}),
            "* ESEARCH (TAG \"A1\") MIN 2 COUNT 3\r\n");
  EXPECT_EQ(answer({.given = true}, {2, 10, 11}), "* ESEARCH (TAG \"A1\") ALL 2,10:11\r\n");
  EXPECT_EQ(answer({.given = true, .min = true, .max = true}, {7, 12, 3800}, true),
            "* ESEARCH (TAG \"A1\") UID MIN 107 MAX 3900\r\n");
  EXPECT_EQ(answer({.given = true, .min = true, .max = true, .count = true}, {2, 10, 11, 12, 13, 14, 15, 21}),
            "* ESEARCH (TAG \"A1\") MIN 2 MAX 21 COUNT 8\r\n");
}

TEST_F(SearchAnswer, OfNothingHasOnlyTheCount) {
  EXPECT_EQ(answer({.given = true, .min = true, .max = true, .all = true}, {}), "* ESEARCH (TAG \"A1\")\r\n");
  EXPECT_EQ(answer({.given = true, .count = true}, {}), "* ESEARCH (TAG \"A1\") COUNT 0\r\n");
  EXPECT_EQ(answer({.given = true, .partial = partial(false, 1, 5, "1:5")}, {}),
            "* ESEARCH (TAG \"A1\") PARTIAL (1:5 NIL)\r\n");
}

// RFC 5267 §4.4, RFC 9394 §3.1.
TEST_F(SearchAnswer, CutsAWindow) {
  std::vector<uint32_t> numbers{1, 2, 3, 5, 7, 8};
  EXPECT_EQ(answer({.given = true, .partial = partial(false, 2, 4, "4:2")}, numbers, true),
            "* ESEARCH (TAG \"A1\") UID PARTIAL (4:2 102:103,105)\r\n");
  EXPECT_EQ(answer({.given = true, .partial = partial(true, 1, 2, "-1:-2")}, numbers),
            "* ESEARCH (TAG \"A1\") PARTIAL (-1:-2 7:8)\r\n");
  EXPECT_EQ(answer({.given = true, .partial = partial(false, 6, 100, "6:100")}, numbers),
            "* ESEARCH (TAG \"A1\") PARTIAL (6:100 8)\r\n");
  EXPECT_EQ(answer({.given = true, .partial = partial(false, 7, 100, "7:100")}, numbers),
            "* ESEARCH (TAG \"A1\") PARTIAL (7:100 NIL)\r\n");
}

// RFC 5267 §3.2: ranges only rise.
TEST_F(SearchAnswer, KeepsTheOrderOfSort) {
  EXPECT_EQ(format_ordered({23765, 23764, 23763, 23761}), "23765,23764,23763,23761");
  EXPECT_EQ(format_ordered({5, 6, 7, 3, 4, 9}), "5:7,3:4,9");
  EXPECT_EQ(format_ordered({}), "");
  EXPECT_EQ(answer({.given = true, .min = true, .max = true}, {9, 1, 5}),
            "* ESEARCH (TAG \"A1\") MIN 9 MAX 5\r\n");
}

// RFC 6203 §4: a score for each that is named.
TEST_F(SearchAnswer, TellsScores) {
  EXPECT_EQ(answer({.given = true, .all = true, .relevancy = true}, {1, 5, 10}),
            "* ESEARCH (TAG \"A1\") ALL 1,5,10 RELEVANCY (1 2 3)\r\n");
  EXPECT_EQ(answer({.given = true, .partial = partial(false, 2, 2, "2:2"), .relevancy = true}, {1, 5, 10}),
            "* ESEARCH (TAG \"A1\") PARTIAL (2:2 5) RELEVANCY (2)\r\n");
  EXPECT_EQ(answer({.given = true, .all = true, .relevancy = true}, {}),
            "* ESEARCH (TAG \"A1\") RELEVANCY ()\r\n");
}

// RFC 4731 §3.2: the MODSEQ of what is named.
TEST_F(SearchAnswer, TellsTheHighestModseq) {
  std::vector<uint32_t> numbers{2, 10, 21};
  EXPECT_EQ(answer({.given = true, .max = true}, numbers, false, true),
            "* ESEARCH (TAG \"A1\") MAX 21 MODSEQ 979\r\n");
  EXPECT_EQ(answer({.given = true, .min = true, .max = true}, numbers, false, true),
            "* ESEARCH (TAG \"A1\") MIN 2 MAX 21 MODSEQ 998\r\n");
  EXPECT_EQ(answer({.given = true, .max = true, .count = true}, numbers, false, true),
            "* ESEARCH (TAG \"A1\") MAX 21 COUNT 3 MODSEQ 998\r\n");
  EXPECT_EQ(answer({.given = true}, {}, false, true), "* ESEARCH (TAG \"A1\")\r\n");
}

// The tables of RFC 5182 §2.4 and RFC 9394 §3.2.
TEST_F(SearchAnswer, SavesWhatTheOptionsName) {
  std::vector<reading::Hit> found = hits({2, 10, 11, 21});
  using Ranges = std::vector<NumberRange>;
  Ranges all{{102, 102}, {110, 111}, {121, 121}};
  EXPECT_EQ(saved_by(found, {.save = true}), all);
  EXPECT_EQ(saved_by(found, {.min = true, .save = true}), (Ranges{{102, 102}}));
  EXPECT_EQ(saved_by(found, {.min = true, .max = true, .save = true}), (Ranges{{102, 102}, {121, 121}}));
  EXPECT_EQ(saved_by(found, {.min = true, .count = true, .save = true}), all);
  EXPECT_EQ(saved_by(found, {.min = true, .all = true, .save = true}), all);
  auto second = partial(false, 2, 2, "2:2");
  EXPECT_EQ(saved_by(found, {.save = true, .partial = second}), (Ranges{{110, 110}}));
  EXPECT_EQ(saved_by(found, {.min = true, .save = true, .partial = second}),
            (Ranges{{102, 102}, {110, 110}}));
  EXPECT_EQ(saved_by(found, {.max = true, .save = true, .partial = second}),
            (Ranges{{110, 110}, {121, 121}}));
  EXPECT_EQ(saved_by(found, {.count = true, .save = true, .partial = second}), all);
  EXPECT_EQ(saved_by({}, {.min = true, .save = true}), Ranges{});
}

TEST_F(SearchAnswer, IsSilentForSaveAlone) {
  EXPECT_TRUE(is_silent({.given = true, .save = true}));
  EXPECT_FALSE(is_silent({.given = true, .count = true, .save = true}));
  EXPECT_TRUE(effective({}, true).all);
  EXPECT_FALSE(effective({}, false).given);
  EXPECT_FALSE(effective({.given = true, .save = true}, true).all);
}

TEST_F(SearchAnswer, NamesTheMailbox) {
  std::string out;
  put_esearch(out, {.tag = "tag1", .uid = true, .mailbox = "folder2/banana", .uid_validity = 503},
              {.given = true, .all = true}, hits({1, 3}));
  EXPECT_EQ(out, "* ESEARCH (TAG \"tag1\" MAILBOX folder2/banana UIDVALIDITY 503) UID ALL 101,103\r\n");
}

}  // namespace
}  // namespace pabal::serve::imap

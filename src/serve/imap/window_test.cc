#include "serve/imap/window.h"

#include <gtest/gtest.h>

namespace pabal::serve::imap {
namespace {

TEST(Window, CutsFromBothEnds) {
  using proto::imap::ReturnOptions;
  std::vector<NumberRange> result{{3, 5}, {10, 10}, {20, 23}};  // 3 4 5 10 20 21 22 23
  auto window = [&](bool from_end, uint32_t first, uint32_t last) {
    return window_of(result, ReturnOptions::PartialRange{.from_end = from_end, .first = first, .last = last});
  };
  EXPECT_EQ(window(false, 1, 2), (std::vector<NumberRange>{{3, 4}}));
  EXPECT_EQ(window(false, 3, 6), (std::vector<NumberRange>{{5, 5}, {10, 10}, {20, 21}}));
  EXPECT_EQ(window(false, 7, 100), (std::vector<NumberRange>{{22, 23}}));
  EXPECT_EQ(window(false, 9, 10), (std::vector<NumberRange>{}));
  EXPECT_EQ(window(true, 1, 1), (std::vector<NumberRange>{{23, 23}}));
  EXPECT_EQ(window(true, 2, 5), (std::vector<NumberRange>{{10, 10}, {20, 22}}));
  EXPECT_EQ(window(true, 8, 100), (std::vector<NumberRange>{{3, 3}}));
  EXPECT_EQ(window(true, 9, 9), (std::vector<NumberRange>{}));
}

}  // namespace
}  // namespace pabal::serve::imap

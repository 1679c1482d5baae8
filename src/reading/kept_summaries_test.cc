#include "reading/kept_summaries.h"

#include <gtest/gtest.h>

namespace pabal::reading {
namespace {

Summarized made(int64_t id, bool head_only = false, size_t octets = 100) {
  Summarized one;
  one.summary.message = MessageId{id};
  one.text.header = std::string(octets, 'h');
  one.head_only = head_only;
  return one;
}
std::vector<Summarized> list(std::initializer_list<Summarized> of) {
  return of;
}
// Ids, with an h behind those of heads only.
std::string found(const KeptSummaries& kept, bool heads) {
  std::string out;
  for (const Summarized& one : kept.find({{1}, {2}, {3}, {4}, {5}}, heads))
    out += std::to_string(one.summary.message.value) + (one.head_only ? "h " : " ");
  return out;
}

TEST(KeptSummaries, HeadsDoForWhoAsksForHeads) {
  KeptSummaries kept(1 << 20);
  kept.add(list({made(1), made(2, true), made(4, true)}));
  EXPECT_EQ(found(kept, true), "1 2h 4h ");
  EXPECT_EQ(found(kept, false), "1 ");
  kept.add(list({made(2), made(1, true)}));  // whole ones stand for heads, never the other way
  EXPECT_EQ(found(kept, true), "1 2 4h ");
}

TEST(KeptSummaries, WholeOnesAreWrittenAndForgotten) {
  KeptSummaries kept(1 << 20);
  kept.add(list({made(3, true)}));
  EXPECT_FALSE(kept.any_whole());
  kept.add(list({made(1), made(2), made(5)}));
  EXPECT_TRUE(kept.any_whole());
  EXPECT_EQ(kept.first_whole(2).size(), 2u);
  kept.forget({{1}, {2}});
  EXPECT_EQ(found(kept, true), "3h 5 ");
  kept.forget({{3}, {5}});
  EXPECT_EQ(found(kept, true), "");
  EXPECT_FALSE(kept.any_whole());
}

TEST(KeptSummaries, HeadsMakeRoomForWholeOnes) {
  KeptSummaries kept(3 * (sizeof(Summarized) + 1000));
  kept.add(list({made(1, true, 900), made(2, true, 900), made(3, true, 900)}));
  EXPECT_EQ(found(kept, true), "1h 2h 3h ");
  kept.add(list({made(4, false, 900), made(5, false, 900)}));
  EXPECT_EQ(found(kept, true), "3h 4 5 ");
  kept.add(list({made(1, false, 900), made(2, false, 900)}));
  EXPECT_EQ(found(kept, true), "1 4 5 ");
  kept.forget({{1}, {4}, {5}});
  kept.add(list({made(2, true, 2900)}));  // all the room is there again
  EXPECT_EQ(found(kept, true), "2h ");
}

}  // namespace
}  // namespace pabal::reading

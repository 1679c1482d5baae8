#include "serve/imap/search_contexts.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>

namespace pabal::serve::imap {
namespace {

using Uids = std::vector<uint32_t>;

// What a client does with the steps (RFC 5267 §4.3.3, §4.3.4).
Uids follow(Uids uids, const ContextSteps& steps) {
  for (const ContextStep& step : steps.removed) {
    for (size_t i = 0; i < step.uids.size(); ++i) {
      auto at = step.position > 0 ? uids.begin() + step.position - 1 : std::ranges::find(uids, step.uids[i]);
      EXPECT_EQ(*at, step.uids[i]);
      uids.erase(at);
    }
  }
  for (const ContextStep& step : steps.added) {
    if (step.position > 0) {
      uids.insert(uids.begin() + step.position - 1, step.uids.begin(), step.uids.end());
    } else {
      uids.insert(uids.end(), step.uids.begin(), step.uids.end());
      std::ranges::sort(uids);
    }
  }
  return uids;
}

TEST(SearchContexts, OfTheMailboxsOrderHaveNoPositions) {
  ContextSteps steps = steps_between({1, 3, 5}, {3, 6, 7}, false);
  EXPECT_EQ(steps.removed, (std::vector<ContextStep>{{0, {1, 5}}}));
  EXPECT_EQ(steps.added, (std::vector<ContextStep>{{0, {6, 7}}}));
  EXPECT_TRUE(steps_between({1, 2}, {1, 2}, false).added.empty());
}

TEST(SearchContexts, OfSortSayWhere) {
  ContextSteps steps = steps_between({9, 2, 7, 4}, {8, 1, 9, 7, 3}, true);
  EXPECT_EQ(steps.removed, (std::vector<ContextStep>{{4, {4}}, {2, {2}}}));
  EXPECT_EQ(steps.added, (std::vector<ContextStep>{{1, {8, 1}}, {5, {3}}}));
}

TEST(SearchContexts, LeadFromAnyResultToAnyOther) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    auto pick = [&](const Uids& from) {
      Uids out;
      for (uint32_t uid : from) {
        if (random() % 2 == 0) out.push_back(uid);
      }
      return out;
    };
    Uids order(12);
    for (uint32_t i = 0; i < order.size(); ++i) order[i] = i + 1;
    Uids rising_before = pick(order), rising_after = pick(order);
    EXPECT_EQ(follow(rising_before, steps_between(rising_before, rising_after, false)), rising_after);
    std::ranges::shuffle(order, random);
    Uids before = pick(order), after = pick(order);
    EXPECT_EQ(follow(before, steps_between(before, after, true)), after);
    std::ranges::shuffle(after, random);
    EXPECT_EQ(follow(before, steps_between(before, after, true)), after);
  }
}

}  // namespace
}  // namespace pabal::serve::imap

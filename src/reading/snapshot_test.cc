#include "reading/snapshot.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <random>

namespace pabal::reading {
namespace {

using Model = std::map<uint32_t, Item>;

std::vector<uint32_t> uids(const Snapshot& snapshot) {
  std::vector<uint32_t> out;
  snapshot.each([&](uint32_t, const Item& item) { out.push_back(item.uid); });
  return out;
}

void expect_same(const Snapshot& snapshot, const Model& model) {
  ASSERT_EQ(snapshot.size(), model.size());
  uint32_t number = 0;
  for (const auto& [uid, item] : model) {
    ++number;
    ASSERT_EQ(snapshot.at(number), item);
    ASSERT_EQ(snapshot.find(uid), number);
    ASSERT_EQ(snapshot.lower_bound(uid), number);
  }
  ASSERT_FALSE(snapshot.find(snapshot.last_uid() + 1));
  ASSERT_EQ(snapshot.lower_bound(snapshot.last_uid() + 1), snapshot.size() + 1);
}

// One commit's changes, drawn; kept in the model too.
struct Step {
  std::vector<Item> upserts;
  store::UidRanges removed;
};
Step draw(std::mt19937& random, Model& model, uint32_t& next_uid, int64_t& modseq) {
  Step step;
  ++modseq;
  std::map<uint32_t, Item> upserts;
  auto below = [&](uint32_t n) { return std::uniform_int_distribution<uint32_t>(0, n - 1)(random); };
  if (!model.empty() && below(2) == 0) {
    uint32_t first = below(next_uid) + 1, last = first + below(below(4) == 0 ? 2000 : 5);
    step.removed.push_back({Uid{first}, Uid{last}});
    model.erase(model.lower_bound(first), model.upper_bound(last));
  }
  uint32_t arrivals = below(4) == 0 ? below(1500) : below(3);
  for (uint32_t i = 0; i < arrivals; ++i) {
    Item item{.uid = next_uid, .modseq = modseq, .message = next_uid};
    next_uid += 1 + below(3);
    bool lost_again = !step.removed.empty() && step.removed[0].last.value >= item.uid;
    if (!lost_again) upserts[item.uid] = item;
  }
  for (uint32_t i = below(20); i > 0 && !model.empty(); --i) {
    auto found = model.lower_bound(below(next_uid));
    if (found == model.end()) continue;
    Item item = found->second;
    item.flags ^= store::kSeen;
    item.modseq = modseq;
    upserts[item.uid] = item;
  }
  for (const auto& [uid, item] : upserts) {
    model[uid] = item;
    step.upserts.push_back(item);
  }
  return step;
}

TEST(Snapshot, FollowsEveryChange) {
  std::mt19937 random(7);
  Model model;
  uint32_t next_uid = 1;
  int64_t modseq = 0;
  auto snapshot = std::make_shared<const Snapshot>();
  for (int i = 0; i < 60; ++i) {
    Step step = draw(random, model, next_uid, modseq);
    snapshot = snapshot->with(step.upserts, step.removed);
    expect_same(*snapshot, model);
    if (HasFatalFailure()) return;
  }
}

TEST(Snapshot, TellsWhatLeadsFromOneToAnother) {
  std::mt19937 random(11);
  Model model;
  uint32_t next_uid = 1;
  int64_t modseq = 0;
  auto snapshot = std::make_shared<const Snapshot>();
  for (int round = 0; round < 25; ++round) {
    Model old_model = model;
    auto old_snapshot = snapshot;
    for (int i = 0; i < 3; ++i) {
      Step step = draw(random, model, next_uid, modseq);
      snapshot = snapshot->with(step.upserts, step.removed);
    }
    Snapshot::Difference difference = snapshot->since(*old_snapshot);
    Model replayed = old_model;
    std::vector<uint32_t> numbers;
    uint32_t number = 0;
    for (const auto& [uid, item] : old_model) {
      ++number;
      if (model.contains(uid)) continue;
      numbers.push_back(number);
      replayed.erase(uid);
    }
    EXPECT_EQ(difference.removed, numbers);
    for (const Item& item : difference.upserts) replayed[item.uid] = item;
    EXPECT_EQ(replayed, model);
    EXPECT_TRUE(old_snapshot->since(*old_snapshot).empty());
    // A session that may not hear of removals keeps them in their places.
    auto kept = old_snapshot->with(difference.upserts, {});
    EXPECT_EQ(snapshot->since(*kept).removed.size(), numbers.size());
    EXPECT_TRUE(snapshot->since(*kept).upserts.empty());
  }
}

TEST(Snapshot, SharesWhatDidNotChange) {
  std::vector<Item> many;
  for (uint32_t uid = 1; uid <= 100'000; ++uid) many.push_back({.uid = uid, .modseq = 1});
  auto before = Snapshot().with(many, {});
  auto after = before->with({{.uid = 100'001, .modseq = 2}}, {});
  EXPECT_EQ(&before->at(1), &after->at(1));
  EXPECT_EQ(&before->at(50'000), &after->at(50'000));
  EXPECT_EQ(after->size(), 100'001u);
}

TEST(Snapshot, EachKeepsToItsBounds) {
  std::vector<Item> some;
  for (uint32_t uid = 10; uid <= 20'000; uid += 10) some.push_back({.uid = uid, .modseq = 1});
  auto snapshot = Snapshot().with(some, {});
  std::vector<uint32_t> numbers;
  snapshot->each(510, 515, [&](uint32_t number, const Item& item) {
    EXPECT_EQ(item.uid, number * 10);
    numbers.push_back(number);
  });
  EXPECT_EQ(numbers, (std::vector<uint32_t>{510, 511, 512, 513, 514, 515}));
  EXPECT_TRUE(uids(Snapshot()).empty());
  snapshot->each(2000, UINT32_MAX, [&](uint32_t number, const Item&) { EXPECT_EQ(number, 2000u); });
}

// Ranges reach over UIDs that were never given, up to all there can be.
TEST(Snapshot, TellsWhatIsMissingFromRanges) {
  using Ranges = std::vector<NumberRange>;
  auto snapshot = Snapshot().with({{.uid = 3}, {.uid = 4}, {.uid = 4'000'000'000}}, {});
  EXPECT_EQ(snapshot->missing({}), Ranges{});
  EXPECT_EQ(snapshot->missing({{Uid{3}, Uid{4}}}), Ranges{});
  EXPECT_EQ(snapshot->missing({{Uid{1}, Uid{2}}, {Uid{4}, Uid{5}}}), (Ranges{{1, 2}, {5, 5}}));
  EXPECT_EQ(snapshot->missing({{Uid{1}, Uid{UINT32_MAX}}}),
            (Ranges{{1, 2}, {5, 3'999'999'999}, {4'000'000'001, UINT32_MAX}}));
  EXPECT_EQ(Snapshot().missing({{Uid{0}, Uid{int64_t{1} << 40}}}), (Ranges{{1, UINT32_MAX}}));
}

TEST(NumberRanges, IntersectionIsWhatIsInBoth) {
  using Ranges = std::vector<NumberRange>;
  EXPECT_EQ(intersection({}, {{1, 5}}), Ranges{});
  EXPECT_EQ(intersection({{1, 5}}, {{6, 7}}), Ranges{});
  EXPECT_EQ(intersection({{1, UINT32_MAX}}, {{2, 3}, {7, UINT32_MAX}}), (Ranges{{2, 3}, {7, UINT32_MAX}}));
  EXPECT_EQ(intersection({{1, 4}, {6, 9}}, {{2, 7}, {9, 12}}), (Ranges{{2, 4}, {6, 7}, {9, 9}}));
}

}  // namespace
}  // namespace pabal::reading

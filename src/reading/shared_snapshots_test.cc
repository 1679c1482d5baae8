#include "reading/shared_snapshots.h"

#include <gtest/gtest.h>

namespace pabal::reading {
namespace {

std::shared_ptr<const MailboxState> state_of(int64_t id, int64_t modseq) {
  MailboxState state{.mailbox = {}, .snapshot = std::make_shared<const Snapshot>()};
  state.mailbox.id = MailboxId{id};
  state.mailbox.modseq = ModSeq{modseq};
  return std::make_shared<const MailboxState>(std::move(state));
}

TEST(SharedSnapshots, TellsTheLatestThatSomebodyHolds) {
  SharedSnapshots shared;
  EXPECT_EQ(shared.find({MailboxId{1}, {}}), nullptr);
  auto older = state_of(1, 4), newer = state_of(1, 5);
  shared.put(newer);
  shared.put(older);  // a loop that was slower
  EXPECT_EQ(shared.find({MailboxId{1}, {}}), newer);
  newer.reset();
  EXPECT_EQ(shared.find({MailboxId{1}, {}}), nullptr);
  shared.put(older);
  EXPECT_EQ(shared.find({MailboxId{1}, {}}), older);
}

TEST(SharedSnapshots, ForgetsWhatNobodyHolds) {
  SharedSnapshots shared;
  std::vector<std::shared_ptr<const MailboxState>> held;
  for (int64_t id = 1; id <= 10'000; ++id) {
    auto state = state_of(id, 1);
    shared.put(state);
    if (id % 100 == 0) held.push_back(state);
  }
  int found = 0;
  for (int64_t id = 1; id <= 10'000; ++id) found += shared.find({MailboxId{id}, {}}) ? 1 : 0;
  EXPECT_EQ(found, 100);
}

}  // namespace
}  // namespace pabal::reading

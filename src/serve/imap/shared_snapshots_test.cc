#include "serve/imap/shared_snapshots.h"

#include <gtest/gtest.h>

namespace pabal::serve::imap {
namespace {

store::Mailbox mailbox(int64_t id, int64_t modseq) {
  store::Mailbox out;
  out.id = MailboxId{id};
  out.modseq = ModSeq{modseq};
  return out;
}

TEST(SharedSnapshots, TellsTheLatestThatSomebodyHolds) {
  SharedSnapshots shared;
  EXPECT_FALSE(shared.find(MailboxId{1}));
  auto older = std::make_shared<const Snapshot>(), newer = std::make_shared<const Snapshot>();
  shared.put(mailbox(1, 5), newer);
  shared.put(mailbox(1, 4), older);  // a loop that was slower
  ASSERT_TRUE(shared.find(MailboxId{1}));
  EXPECT_EQ(shared.find(MailboxId{1})->snapshot, newer);
  EXPECT_EQ(shared.find(MailboxId{1})->mailbox.modseq, ModSeq{5});
  newer.reset();
  EXPECT_FALSE(shared.find(MailboxId{1}));
  shared.put(mailbox(1, 4), older);
  EXPECT_EQ(shared.find(MailboxId{1})->snapshot, older);
}

TEST(SharedSnapshots, ForgetsWhatNobodyHolds) {
  SharedSnapshots shared;
  std::vector<std::shared_ptr<const Snapshot>> held;
  for (int64_t id = 1; id <= 10'000; ++id) {
    auto snapshot = std::make_shared<const Snapshot>();
    shared.put(mailbox(id, 1), snapshot);
    if (id % 100 == 0) held.push_back(snapshot);
  }
  int found = 0;
  for (int64_t id = 1; id <= 10'000; ++id) found += shared.find(MailboxId{id}) ? 1 : 0;
  EXPECT_EQ(found, 100);
}

}  // namespace
}  // namespace pabal::serve::imap

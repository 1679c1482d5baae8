#include "reading/known_mailboxes.h"

#include <gtest/gtest.h>

namespace pabal::reading {
namespace {

constexpr AccountId kAlice{1}, kBob{2};
constexpr MailboxId kInbox{11}, kWork{12}, kBobs{21};

store::Mailbox mailbox(AccountId owner, MailboxId id, std::string name, uint64_t messages = 3) {
  store::Mailbox made;
  made.account = owner;
  made.id = id;
  made.name = std::move(name);
  made.messages = messages;
  return made;
}

class KnownMailboxesTest : public testing::Test {
 protected:
  KnownMailboxesTest() {
    for (const store::Mailbox& one :
         {mailbox(kAlice, kInbox, "INBOX"), mailbox(kAlice, kWork, "Work"), mailbox(kBob, kBobs, "INBOX")})
      known_.put(one, known_.now());
  }
  // Which of what was put are known, and with counts.
  std::string found(Needs needs) const {
    std::string out;
    for (auto [owner, name] : {std::pair(kAlice, "INBOX"), {kAlice, "Work"}, {kBob, "INBOX"}}) {
      std::optional<store::Mailbox> mailbox = known_.find(owner, name, needs);
      out += mailbox ? std::to_string(mailbox->id.value) + ' ' : "- ";
    }
    return out;
  }

  KnownMailboxes known_{10};
};

TEST_F(KnownMailboxesTest, WhatWasReadIsKnown) {
  EXPECT_EQ(found(Needs::counts), "11 12 21 ");
  EXPECT_FALSE(known_.find(kBob, "Work", Needs::itself));
  EXPECT_FALSE(known_.find(AccountId{3}, "INBOX", Needs::itself));
}

TEST_F(KnownMailboxesTest, MailsMakeCountsOld) {
  known_.changed({{kAlice, kInbox, true}});
  EXPECT_EQ(found(Needs::counts), "- 12 21 ");
  EXPECT_EQ(found(Needs::itself), "11 12 21 ");
  known_.put(mailbox(kAlice, kInbox, "INBOX", 4), known_.now());
  EXPECT_EQ(known_.find(kAlice, "INBOX", Needs::counts)->messages, 4u);
}

TEST_F(KnownMailboxesTest, WhatChangesItselfIsForgotten) {
  known_.changed({{kAlice, kWork, false}});
  EXPECT_EQ(found(Needs::itself), "11 - 21 ");
  known_.changed({{kAlice, MailboxId{}, false}});
  EXPECT_EQ(found(Needs::itself), "- - 21 ");
}

TEST_F(KnownMailboxesTest, WhatChangedWhileItWasReadIsNotKept) {
  const uint64_t begun = known_.now();
  known_.changed({{kBob, kBobs, true}});
  known_.put(mailbox(kBob, kBobs, "INBOX", 9), begun);
  EXPECT_EQ(found(Needs::counts), "11 12 - ");
}

TEST_F(KnownMailboxesTest, HoldsSoManyAtMost) {
  for (int i = 0; i < 100; ++i) {
    known_.put(mailbox(kBob, MailboxId{100 + i}, "Box" + std::to_string(i)), known_.now());
    EXPECT_TRUE(known_.find(kBob, "Box" + std::to_string(i), Needs::itself));
  }
  int there = 0;
  for (int i = 0; i < 100; ++i) there += known_.find(kBob, "Box" + std::to_string(i), Needs::itself) ? 1 : 0;
  EXPECT_LE(there, 10);
}

}  // namespace
}  // namespace pabal::reading

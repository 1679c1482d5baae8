// Each reader's own \Seen in the mailboxes of a group.
#include "store/private_seen.h"

#include "store/changes.h"
#include "store/counters.h"
#include "store/leftovers.h"
#include "store/renewal.h"
#include "store/tally.h"
#include "store_world.h"

namespace pabal::store {
namespace {

constexpr AccountId kGroup{kAccount}, kAlice{40}, kBob{41};

class PrivateSeen : public RealStore {
 protected:
  PrivateSeen() : store_(Store::open(world_, options())) {
    store_->execute_now([](Transaction& tx) {
      for (AccountId account : {kGroup, kAlice, kBob}) make_account(tx, account.value);
      tx.db.prepare("UPDATE account SET shared = 1 WHERE id = ?").bind(kGroup.value).run();
    });
  }
  ~PrivateSeen() override { loop_.run(store_->close()); }

  void with_mails(int count, std::function<void(Transaction&, MailboxId inbox)> work) {
    auto fill = [](Store& s, int n) -> rt::Task<void> {
      for (int i = 0; i < n; ++i) co_await deliver(s, text_of(100 + static_cast<size_t>(i)));
    };
    loop_.run(fill(*store_, count));
    store_->execute_now([&](Transaction& tx) { work(tx, inbox_of(tx.db)); });
  }

  static UidRanges range(int64_t first, int64_t last) { return {{{first}, {last}}}; }
  static FlagsChanged read(Transaction& tx, MailboxId mailbox, AccountId reader, const UidRanges& uids) {
    return change_flags(tx, kGroup, mailbox, uids, {.mode = FlagChange::add, .flags = kSeen}, reader);
  }
  // UIDs of what this reader has read; counted, too.
  static std::vector<int64_t> seen(Transaction& tx, MailboxId mailbox, AccountId reader) {
    std::vector<int64_t> found;
    const std::vector<Mail> mails = list_mails(tx.db, mailbox, reader);
    for (const Mail& mail : mails) {
      if ((mail.flags & kSeen) != 0) found.push_back(mail.uid.value);
    }
    const int64_t unseen =
        reader ? count_unseen(tx.db, mailbox, reader) : find_mailbox(tx.db, mailbox)->flags.unseen;
    EXPECT_EQ(unseen, static_cast<int64_t>(mails.size() - found.size()));
    EXPECT_TRUE(compare_counters(tx.db).empty());
    return found;
  }
  static std::string changes_for(Transaction& tx, MailboxId mailbox, ModSeq since, AccountId reader) {
    std::string out;
    for (const Change& c : list_changes(tx.db, kGroup, since, mailbox, reader))
      out += std::to_string(c.first.value) + ':' + std::to_string(c.last.value) + ' ';
    return out;
  }
  static int64_t rows(Transaction& tx) {
    Statement select = tx.db.prepare("SELECT count(*) FROM private_seen");
    select.step();
    return select.number(0);
  }
  using Uids = std::vector<int64_t>;

  std::unique_ptr<Store> store_;
};

TEST_F(PrivateSeen, WhatOneReadsIsUnreadForTheOthers) {
  with_mails(6, [](Transaction& tx, MailboxId inbox) {
    EXPECT_EQ(read(tx, inbox, kAlice, range(2, 4)).changed, range(2, 4));
    EXPECT_EQ(read(tx, inbox, kBob, {{{4}, {4}}, {{6}, {6}}}).changed, (UidRanges{{{4}, {4}}, {{6}, {6}}}));
    EXPECT_EQ(seen(tx, inbox, kAlice), (Uids{2, 3, 4}));
    EXPECT_EQ(seen(tx, inbox, kBob), (Uids{4, 6}));
    EXPECT_EQ(seen(tx, inbox, {}), Uids{}) << "nobody in particular has read anything";
    EXPECT_TRUE(read(tx, inbox, kAlice, range(2, 4)).changed.empty()) << "it has it already";
    FlagsChanged unread =
        change_flags(tx, kGroup, inbox, range(1, 9), {FlagChange::remove, kSeen | kFlagged}, kAlice);
    EXPECT_EQ(unread.changed, range(2, 4));
    EXPECT_EQ(seen(tx, inbox, kAlice), Uids{});
    EXPECT_EQ(seen(tx, inbox, kBob), (Uids{4, 6}));
    EXPECT_EQ(rows(tx), 5);
    EXPECT_TRUE(compare_counters(tx.db).empty());
  });
}

TEST_F(PrivateSeen, TheOtherFlagsAreEverybodys) {
  with_mails(4, [](Transaction& tx, MailboxId inbox) {
    read(tx, inbox, kBob, range(1, 1));
    change_flags(tx, kGroup, inbox, range(1, 2), {FlagChange::replace, kSeen | kFlagged}, kAlice);
    EXPECT_EQ(seen(tx, inbox, kAlice), (Uids{1, 2}));
    EXPECT_EQ(seen(tx, inbox, kBob), Uids{1});
    std::vector<Mail> mails = list_mails(tx.db, inbox, kBob);
    EXPECT_EQ(mails[0].flags, uint64_t{kSeen | kFlagged});
    EXPECT_EQ(mails[1].flags, uint64_t{kFlagged});
    // Replaced by what does not have it, it is taken from who does so alone.
    change_flags(tx, kGroup, inbox, range(1, 2), {FlagChange::replace, kAnswered}, kAlice);
    EXPECT_EQ(seen(tx, inbox, kAlice), Uids{});
    EXPECT_EQ(seen(tx, inbox, kBob), Uids{1});
    // Without the right to it (RFC 4314 §4) it stays.
    change_flags(tx, kGroup, inbox, range(1, 1), {FlagChange::replace, kDraft, {}, ~uint64_t{kSeen}}, kBob);
    EXPECT_EQ(list_mails(tx.db, inbox, kBob)[0].flags, uint64_t{kSeen | kDraft});
  });
}

TEST_F(PrivateSeen, ItsModseqsAreForItsReader) {
  with_mails(5, [](Transaction& tx, MailboxId inbox) {
    const ModSeq before = find_mailbox(tx.db, inbox)->modseq;
    const ModSeq read_at = read(tx, inbox, kAlice, range(2, 3)).modseq;
    EXPECT_GT(read_at, before);
    EXPECT_EQ(find_mailbox(tx.db, inbox)->modseq, read_at);
    EXPECT_EQ(list_mails(tx.db, inbox, kAlice)[1].modseq, read_at);
    EXPECT_LE(list_mails(tx.db, inbox, kBob)[1].modseq, before);
    EXPECT_EQ(changes_for(tx, inbox, before, kAlice), "2:3 ");
    EXPECT_EQ(changes_for(tx, inbox, before, kBob), "");
    EXPECT_EQ(changes_for(tx, inbox, before, {}), "");

    // Of what has both changes everybody hears, of what has his own alone he does.
    FlagsChanged both =
        change_flags(tx, kGroup, inbox, range(1, 4), {FlagChange::add, kSeen | kFlagged}, kAlice);
    EXPECT_EQ(both.changed, range(1, 4));
    change_flags(tx, kGroup, inbox, range(5, 5), {FlagChange::add, kFlagged}, kBob);
    FlagsChanged mixed =
        change_flags(tx, kGroup, inbox, range(4, 5), {FlagChange::add, kSeen | kFlagged}, kBob);
    EXPECT_EQ(changes_for(tx, inbox, read_at, kAlice), "1:4 5:5 ");
    EXPECT_EQ(changes_for(tx, inbox, read_at, kBob), "1:4 5:5 4:5 ");
    // What was read and is unread again has the MODSEQ of that, also when it is listed anew.
    FlagsChanged unread = change_flags(tx, kGroup, inbox, range(3, 3), {FlagChange::remove, kSeen}, kAlice);
    EXPECT_EQ(list_mails(tx.db, inbox, range(3, 3), kAlice)[0].modseq, unread.modseq);

    // RFC 7162 §3.1.3: another's reading is no change that stands in the way, one's own is.
    EXPECT_TRUE(change_flags(tx, kGroup, inbox, range(3, 3), {FlagChange::add, kDraft, mixed.modseq}, kBob)
                    .modified.empty());
    read(tx, inbox, kBob, range(2, 2));
    EXPECT_EQ(
        change_flags(tx, kGroup, inbox, range(2, 2), {FlagChange::add, kDraft, unread.modseq}, kBob).modified,
        std::vector<Uid>{Uid{2}});
  });
}

TEST_F(PrivateSeen, WhatAllHadInCommonStaysUntilOneChangesIt) {
  with_mails(3, [](Transaction& tx, MailboxId inbox) {
    // As an older version left it.
    change_flags(tx, kGroup, inbox, range(1, 2), {FlagChange::add, kSeen});
    EXPECT_EQ(seen(tx, inbox, kAlice), (Uids{1, 2}));
    change_flags(tx, kGroup, inbox, range(1, 1), {FlagChange::remove, kSeen}, kAlice);
    EXPECT_EQ(seen(tx, inbox, kAlice), Uids{2});
    EXPECT_EQ(seen(tx, inbox, kBob), (Uids{1, 2}));
  });
}

TEST_F(PrivateSeen, MailThatComesIsReadByWhoBroughtItSo) {
  with_mails(1, [](Transaction& tx, MailboxId inbox) {
    MessageRecord message = *find_message(tx.db, list_mails(tx.db, inbox)[0].message);
    append(tx, kGroup, inbox, message, kSeen | kDraft, std::nullopt, kAlice);
    EXPECT_EQ(seen(tx, inbox, kAlice), Uids{2});
    EXPECT_EQ(seen(tx, inbox, kBob), Uids{});
    EXPECT_EQ(list_mails(tx.db, inbox, kBob)[1].flags, uint64_t{kDraft});
  });
}

TEST_F(PrivateSeen, CopiesCarryTheSeenOfWhoMakesThem) {
  with_mails(5, [](Transaction& tx, MailboxId inbox) {
    read(tx, inbox, kAlice, {{{1}, {1}}, {{3}, {4}}});
    read(tx, inbox, kBob, range(2, 2));
    MailboxId own = inbox_of(tx.db, kAlice.value);
    copy_mails(tx, inbox, range(1, 5), kAlice, own, ~uint64_t{0}, true, {.from = kAlice, .to = {}});
    EXPECT_EQ(seen(tx, own, {}), (Uids{1, 3, 4}));
    copy_mails(tx, own, range(1, 3), kGroup, inbox, ~uint64_t{0}, true, {.from = {}, .to = kAlice});
    EXPECT_EQ(seen(tx, inbox, kAlice), (Uids{1, 3, 4, 6, 8}));
    EXPECT_EQ(seen(tx, inbox, kBob), Uids{2});
    EXPECT_EQ(seen(tx, inbox, {}), Uids{});
    // Without the right to \Seen there, it does not come along.
    copy_mails(tx, own, range(1, 3), kGroup, inbox, ~uint64_t{kSeen}, true, {.from = {}, .to = kAlice});
    EXPECT_EQ(seen(tx, inbox, kAlice), (Uids{1, 3, 4, 6, 8}));
    MailboxId trash = *find_mailbox(tx.db, kGroup, "Trash");
    copy_mails(tx, inbox, range(2, 3), kGroup, trash, ~uint64_t{0}, true, {.from = kBob, .to = kBob});
    EXPECT_EQ(seen(tx, trash, kBob), Uids{1});
    EXPECT_EQ(seen(tx, trash, kAlice), Uids{});
    EXPECT_TRUE(compare_counters(tx.db).empty());
  });
}

TEST_F(PrivateSeen, WhatMovesWithinTheGroupKeepsEverybodys) {
  with_mails(6, [](Transaction& tx, MailboxId inbox) {
    change_flags(tx, kGroup, inbox, range(6, 6), {FlagChange::add, kSeen});  // of old
    read(tx, inbox, kAlice, {{{1}, {1}}, {{5}, {5}}});
    read(tx, inbox, kBob, range(2, 5));
    MailboxId trash = *find_mailbox(tx.db, kGroup, "Trash");
    UidRanges uids{{{2}, {2}}, {{4}, {6}}};
    Copied moved = copy_mails(tx, inbox, uids, kGroup, trash, ~uint64_t{0}, false,
                              {.from = kAlice, .to = kAlice, .all = true});
    expunge(tx, kGroup, inbox, moved.from);
    EXPECT_EQ(seen(tx, trash, kAlice), (Uids{3, 4}));
    EXPECT_EQ(seen(tx, trash, kBob), (Uids{1, 2, 3, 4}));
    EXPECT_EQ(seen(tx, inbox, kAlice), Uids{1});
    EXPECT_EQ(seen(tx, inbox, kBob), Uids{3});
    EXPECT_EQ(rows(tx), 6);

    ASSERT_TRUE(rename_mailbox(tx, kGroup, "Trash", "old"));
    EXPECT_EQ(seen(tx, trash, kBob), (Uids{1, 2, 3, 4}));
    // Of INBOX the mails go, as they are read.
    ASSERT_TRUE(rename_mailbox(tx, kGroup, "INBOX", "before"));
    EXPECT_EQ(seen(tx, *find_mailbox(tx.db, kGroup, "before"), kBob), Uids{3});
    EXPECT_EQ(rows(tx), 6);
    EXPECT_TRUE(list_leftovers(tx.db).empty());
  });
}

TEST_F(PrivateSeen, GoesWithTheMailTheMailboxAndTheReader) {
  with_mails(6, [](Transaction& tx, MailboxId inbox) {
    MailboxId box = *create_mailbox(tx, kGroup, "box", "");
    for (AccountId reader : {kAlice, kBob}) {
      read(tx, inbox, reader, range(1, 6));
      copy_mails(tx, inbox, range(1, 2), kGroup, box, ~uint64_t{0}, true, {.from = reader, .to = reader});
    }
    EXPECT_EQ(rows(tx), 16);
    expunge(tx, kGroup, inbox, {{{1}, {2}}, {{5}, {5}}});
    EXPECT_EQ(rows(tx), 10);
    ASSERT_TRUE(delete_mailbox(tx, kGroup, "box"));
    EXPECT_EQ(rows(tx), 6);
    remove_account_data(tx, kBob, "user41@example.test");
    EXPECT_EQ(rows(tx), 3);
    EXPECT_EQ(seen(tx, inbox, kAlice), (Uids{3, 4, 6}));
    remove_account_data(tx, kGroup, "user1@example.test");
    EXPECT_EQ(rows(tx), 0);
  });
}

TEST_F(PrivateSeen, LeftoversAreFoundAndRemoved) {
  with_mails(2, [](Transaction& tx, MailboxId inbox) {
    read(tx, inbox, kAlice, range(1, 2));
    EXPECT_TRUE(list_leftovers(tx.db).empty());
    set_private_seen(tx, inbox, AccountId{99}, range(1, 1), true, ModSeq{1});
    tx.db.prepare("UPDATE private_seen SET uid = 7 WHERE reader = 40 AND uid = 2").run();
    EXPECT_EQ(list_leftovers(tx.db),
              (std::vector<std::string>{"private_seen of account 99", "private_seen of mail 7"}));
    EXPECT_EQ(remove_leftovers(tx), 2u);
    EXPECT_EQ(seen(tx, inbox, kAlice), Uids{1});
  });
}

TEST_F(PrivateSeen, FollowsTheMailsToTheirNewUids) {
  with_mails(3, [](Transaction& tx, MailboxId inbox) { read(tx, inbox, kAlice, range(2, 3)); });
  loop_.run(store_->close());
  store_ = nullptr;
  request_renewal(world_, options().directory);
  store_ = Store::open(world_, options());
  store_->execute_now([](Transaction& tx) {
    std::vector<Mail> mails = list_mails(tx.db, inbox_of(tx.db));
    ASSERT_GT(mails[0].uid.value, 3);
    EXPECT_EQ(seen(tx, inbox_of(tx.db), kAlice), (Uids{mails[1].uid.value, mails[2].uid.value}));
  });
}

TEST_F(PrivateSeen, CostsNothingForWhoHasReadNothing) {
  with_mails(40, [](Transaction& tx, MailboxId inbox) {
    // Odd ones, so that nothing can be joined.
    expunge(tx, kGroup, inbox, {{{10}, {12}}, {{20}, {20}}});
    for (int64_t uid = 1; uid <= 40; uid += 2) read(tx, inbox, kAlice, range(uid, uid));
    const int64_t of_alice = rows(tx);
    EXPECT_EQ(list_private_seen(tx.db, inbox, kBob), UidRanges{});
    for (int i = 0; i < 3; ++i) {
      read(tx, inbox, kAlice, range(1, 40));
      change_flags(tx, kGroup, inbox, range(1, 40), {FlagChange::remove, kSeen}, kAlice);
    }
    EXPECT_LT(of_alice, rows(tx));
    EXPECT_EQ(rows(tx), 36) << "one for each mail at most";
  });
}

}  // namespace
}  // namespace pabal::store

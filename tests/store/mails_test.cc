// Flags, copies and removals of many mails at once, and what the change feed
// says of them.
#include "store/changes.h"
#include "store/tally.h"
#include "store_world.h"

namespace pabal::store {
namespace {

constexpr AccountId kMe{kAccount}, kOther{40};

class Mails : public RealStore {
 protected:
  Mails() : store_(Store::open(world_, options())) {
    store_->execute_now([](Transaction& tx) {
      make_account(tx);
      make_account(tx, kOther.value);
    });
  }
  ~Mails() override { loop_.run(store_->close()); }

  // Fills INBOX with `count` mails, then runs `work` in one transaction.
  void with_mails(int count, std::function<void(Transaction&, MailboxId inbox)> work) {
    auto fill = [](Store& s, int n) -> rt::Task<void> {
      for (int i = 0; i < n; ++i) co_await deliver(s, text_of(100 + static_cast<size_t>(i)));
    };
    loop_.run(fill(*store_, count));
    store_->execute_now([&](Transaction& tx) { work(tx, inbox_of(tx.db)); });
  }

  static UidRanges range(int64_t first, int64_t last) { return {{{first}, {last}}}; }
  static std::vector<int64_t> uids(Transaction& tx, MailboxId mailbox, uint64_t having = 0) {
    std::vector<int64_t> found;
    for (const Mail& mail : list_mails(tx.db, mailbox)) {
      if ((mail.flags & having) == having) found.push_back(mail.uid.value);
    }
    return found;
  }
  static MailboxId trash_of(Transaction& tx, AccountId account = kMe) {
    return find_mailbox(tx.db, account, "Trash").value();
  }
  static int64_t count(Transaction& tx, const char* sql) {
    Statement select = tx.db.prepare(sql);
    select.step();
    return select.number(0);
  }
  // The sums are those of the mails.
  static void expect_counted(Transaction& tx, AccountId account) {
    uint64_t messages = 0, octets = 0;
    for (const Mailbox& mailbox : list_mailboxes(tx.db, account)) {
      Tally found;
      for (const Mail& mail : list_mails(tx.db, mailbox.id)) {
        found.add(mail.flags, static_cast<int64_t>(mail.size_octets));
        EXPECT_LE(mail.modseq, mailbox.modseq);
        EXPECT_LT(mail.uid, mailbox.uid_next);
      }
      EXPECT_EQ(mailbox.messages, static_cast<uint64_t>(found.messages)) << mailbox.name;
      EXPECT_EQ(mailbox.octets, static_cast<uint64_t>(found.octets)) << mailbox.name;
      EXPECT_EQ(mailbox.flags.unseen, found.flags.unseen) << mailbox.name;
      EXPECT_EQ(mailbox.flags.deleted, found.flags.deleted) << mailbox.name;
      EXPECT_EQ(mailbox.flags.deleted_octets, found.flags.deleted_octets) << mailbox.name;
      messages += mailbox.messages;
      octets += mailbox.octets;
    }
    EXPECT_EQ(usage(tx.db, account)->messages, messages);
    EXPECT_EQ(usage(tx.db, account)->octets, octets);
  }

  std::unique_ptr<Store> store_;
};

TEST_F(Mails, RangesGrowByNeighbours) {
  UidRanges ranges;
  for (int64_t uid : {1, 2, 3, 7, 9, 10}) add_to(ranges, Uid{uid});
  EXPECT_EQ(ranges, (UidRanges{{{1}, {3}}, {{7}, {7}}, {{9}, {10}}}));
}

TEST_F(Mails, TheRowOfAMailboxCountsThem) {
  with_mails(20, [](Transaction& tx, MailboxId inbox) {
    expect_counted(tx, kMe);
    change_flags(tx, kMe, inbox, range(1, 10), {.mode = FlagChange::add, .flags = kSeen});
    change_flags(tx, kMe, inbox, range(5, 12), {.flags = kDeleted | kFlagged});
    change_flags(tx, kMe, inbox, range(1, 5), {.mode = FlagChange::remove, .flags = kSeen});
    EXPECT_EQ(find_mailbox(tx.db, inbox)->flags.unseen, 20);
    EXPECT_EQ(find_mailbox(tx.db, inbox)->flags.deleted, 8);
    change_flags(tx, kMe, inbox, range(8, 20), {.mode = FlagChange::add, .flags = kSeen, .mask = kSeen});
    expect_counted(tx, kMe);
    const MailboxId trash = trash_of(tx), others = trash_of(tx, kOther);
    copy_mails(tx, inbox, range(3, 15), kMe, trash);
    copy_mails(tx, inbox, range(3, 15), kOther, others, ~uint64_t{kDeleted});
    EXPECT_EQ(find_mailbox(tx.db, others)->flags.deleted, 0);
    expect_counted(tx, kMe);
    expect_counted(tx, kOther);
    expunge(tx, kMe, trash, range(2, 9), true);
    expect_counted(tx, kMe);
    EXPECT_TRUE(rename_mailbox(tx, kMe, "INBOX", "Old").has_value());
    expect_counted(tx, kMe);
    EXPECT_EQ(find_mailbox(tx.db, find_mailbox(tx.db, kMe, "Old").value())->flags.unseen, 7);
  });
}

TEST_F(Mails, AreListedByRanges) {
  with_mails(60, [](Transaction& tx, MailboxId inbox) {
    expunge(tx, kMe, inbox, {{{5}, {6}}, {{50}, {50}}});
    auto listed = [&](const UidRanges& ranges) {
      std::vector<int64_t> found;
      for (const Mail& mail : list_mails(tx.db, inbox, ranges)) found.push_back(mail.uid.value);
      return found;
    };
    using Uids = std::vector<int64_t>;
    EXPECT_EQ(listed({}), Uids{});
    EXPECT_EQ(listed(range(4, 8)), (Uids{4, 7, 8}));
    EXPECT_EQ(listed({{{1}, {2}}, {{4}, {5}}, {{7}, {7}}, {{49}, {52}}, {{58}, {4'000'000}}}),
              (Uids{1, 2, 4, 7, 49, 51, 52, 58, 59, 60}));
    EXPECT_EQ(listed(range(61, INT64_MAX)), Uids{});
    EXPECT_EQ(list_mails(tx.db, inbox, range(1, INT64_MAX)).size(), list_mails(tx.db, inbox).size());
  });
}

TEST_F(Mails, KeepTheDateThatTheyAreGivenAndKnowWhenTheyCame) {
  with_mails(1, [](Transaction& tx, MailboxId inbox) {
    MessageRecord message = *find_message(tx.db, list_mails(tx.db, inbox)[0].message);
    append(tx, kMe, inbox, message, kSeen | 0x100, Time{12'345'000});
    std::vector<Mail> mails = list_mails(tx.db, inbox);
    EXPECT_EQ(mails[0].internal_date, message.received_at);
    EXPECT_EQ(mails[1].internal_date, Time{12'345'000});
    EXPECT_EQ(mails[1].flags, kSeen | 0x100u);
    EXPECT_EQ(mails[1].saved_at, tx.now);
    // As an older version wrote it.
    tx.db.prepare("UPDATE mail SET saved_at = 0").run();
    EXPECT_EQ(list_mails(tx.db, inbox)[1].saved_at, Time{12'345'000});
  });
}

TEST_F(Mails, FlagsChangeTogether) {
  with_mails(10, [](Transaction& tx, MailboxId inbox) {
    ModSeq before = find_mailbox(tx.db, inbox)->modseq;
    FlagsChanged first = change_flags(tx, kMe, inbox, range(3, 6), {FlagChange::add, kSeen});
    EXPECT_EQ(first.modseq.value, before.value + 1);
    EXPECT_EQ(first.changed, range(3, 6));
    // Who has it keeps his MODSEQ, and parts the ranges.
    FlagsChanged second = change_flags(tx, kMe, inbox, range(1, 99), {FlagChange::add, kSeen | kFlagged});
    EXPECT_EQ(second.changed, range(1, 10));
    FlagsChanged third = change_flags(tx, kMe, inbox, range(4, 5), {FlagChange::remove, kFlagged});
    FlagsChanged fourth = change_flags(tx, kMe, inbox, range(1, 10), {FlagChange::replace, kSeen | kFlagged});
    EXPECT_EQ(fourth.changed, range(4, 5));
    FlagsChanged none = change_flags(tx, kMe, inbox, range(1, 10), {FlagChange::replace, kSeen | kFlagged});
    EXPECT_EQ(none.modseq.value, 0);
    EXPECT_TRUE(none.changed.empty());
    std::vector<Mail> mails = list_mails(tx.db, inbox);
    EXPECT_EQ(mails[0].modseq, second.modseq);
    EXPECT_EQ(mails[3].modseq, fourth.modseq);
    EXPECT_EQ(find_mailbox(tx.db, inbox)->modseq, fourth.modseq);
    std::vector<Change> changes = list_changes(tx.db, kMe, before, inbox);
    ASSERT_EQ(changes.size(), 4u);
    EXPECT_EQ(changes[2].kind, ChangeKind::flags);
    EXPECT_EQ(changes[2].modseq, third.modseq);
    EXPECT_EQ(changes[2].first.value, 4);
    EXPECT_EQ(changes[2].last.value, 5);
  });
}

TEST_F(Mails, ChangedRangesReachOverGapsButNotOverOthers) {
  with_mails(12, [](Transaction& tx, MailboxId inbox) {
    expunge(tx, kMe, inbox, {{{4}, {5}}});
    change_flags(tx, kMe, inbox, range(8, 8), {FlagChange::add, kSeen});
    FlagsChanged all = change_flags(tx, kMe, inbox, range(1, 99), {FlagChange::add, kSeen});
    EXPECT_EQ(all.changed, (UidRanges{{{1}, {7}}, {{9}, {12}}}));
    // Beside a mail that was not asked for.
    FlagsChanged some =
        change_flags(tx, kMe, inbox, {{{1}, {2}}, {{6}, {9}}, {{11}, {11}}}, {FlagChange::remove, kSeen});
    EXPECT_EQ(some.changed, (UidRanges{{{1}, {2}}, {{6}, {9}}, {{11}, {11}}}));
    EXPECT_EQ(uids(tx, inbox, kSeen), (std::vector<int64_t>{3, 10, 12}));
  });
}

// RFC 7162 §3.1.3.
TEST_F(Mails, FlagsThatOthersHaveChangedMeanwhileAreLeftAlone) {
  with_mails(5, [](Transaction& tx, MailboxId inbox) {
    ModSeq known = find_mailbox(tx.db, inbox)->modseq;
    change_flags(tx, kMe, inbox, range(2, 3), {FlagChange::add, kFlagged});
    FlagsChanged result = change_flags(tx, kMe, inbox, range(1, 5), {FlagChange::add, kDeleted, known});
    EXPECT_EQ(result.changed, (UidRanges{{{1}, {1}}, {{4}, {5}}}));
    EXPECT_EQ(result.modified, (std::vector<Uid>{{2}, {3}}));
    EXPECT_EQ(uids(tx, inbox, kDeleted), (std::vector<int64_t>{1, 4, 5}));
    FlagsChanged never = change_flags(tx, kMe, inbox, range(1, 5), {FlagChange::add, kSeen, ModSeq{0}});
    EXPECT_EQ(never.modified.size(), 5u);
  });
}

TEST_F(Mails, FlagsOutsideOfTheMaskStay) {
  with_mails(1, [](Transaction& tx, MailboxId inbox) {
    change_flags(tx, kMe, inbox, range(1, 1), {FlagChange::replace, kDeleted | kSeen | 0x100});
    change_flags(tx, kMe, inbox, range(1, 1), {FlagChange::replace, kFlagged, {}, ~uint64_t{kDeleted}});
    EXPECT_EQ(list_mails(tx.db, inbox)[0].flags, uint64_t{kDeleted | kFlagged});
    change_flags(tx, kMe, inbox, range(1, 1), {FlagChange::remove, kDeleted | kFlagged, {}, kFlagged});
    EXPECT_EQ(list_mails(tx.db, inbox)[0].flags, uint64_t{kDeleted});
    change_flags(tx, kMe, inbox, range(1, 1), {FlagChange::add, kDraft | kFlagged, {}, kDraft});
    EXPECT_EQ(list_mails(tx.db, inbox)[0].flags, uint64_t{kDeleted | kDraft});
  });
}

TEST_F(Mails, AreCopiedInOrder) {
  with_mails(8, [](Transaction& tx, MailboxId inbox) {
    MailboxId trash = trash_of(tx);
    uint64_t keyword = keyword_bits(tx, kMe, inbox, {"Work"}).value();
    change_flags(tx, kMe, inbox, range(2, 2), {FlagChange::add, keyword | kAnswered});
    expunge(tx, kMe, inbox, range(4, 4));
    append(tx, kMe, trash, *find_message(tx.db, list_mails(tx.db, inbox)[0].message), 0);
    Copied copied = copy_mails(tx, inbox, {{{2}, {6}}, {{8}, {20}}}, kMe, trash);
    EXPECT_EQ(copied.messages, 5u);
    EXPECT_EQ(copied.from, (UidRanges{{{2}, {3}}, {{5}, {6}}, {{8}, {8}}}));
    EXPECT_EQ(copied.to, range(2, 6));
    std::vector<Mail> from = list_mails(tx.db, inbox, copied.from), to = list_mails(tx.db, trash, copied.to);
    ASSERT_EQ(from.size(), to.size());
    for (size_t i = 0; i < from.size(); ++i) {
      EXPECT_EQ(from[i].message, to[i].message);
      EXPECT_EQ(from[i].flags, to[i].flags);
      EXPECT_EQ(from[i].internal_date, to[i].internal_date);
      EXPECT_EQ(to[i].modseq, find_mailbox(tx.db, trash)->modseq);
      EXPECT_EQ(to[i].saved_at, tx.now);
    }
    EXPECT_EQ(find_mailbox(tx.db, trash)->keywords, std::vector<std::string>{"Work"});
    Change change = list_changes(tx.db, kMe, {}, trash).back();
    EXPECT_EQ(change.kind, ChangeKind::added);
    EXPECT_EQ(change.first.value, 2);
    EXPECT_EQ(change.last.value, 6);
    expect_counted(tx, kMe);
    EXPECT_EQ(copy_mails(tx, inbox, range(100, 200), kMe, trash).messages, 0u);
  });
}

TEST_F(Mails, AreCopiedIntoTheirOwnMailbox) {
  with_mails(3, [](Transaction& tx, MailboxId inbox) {
    keyword_bits(tx, kMe, inbox, {"a", "b"});
    change_flags(tx, kMe, inbox, range(2, 2), {FlagChange::add, 0x200});
    Copied copied = copy_mails(tx, inbox, range(1, 99), kMe, inbox);
    EXPECT_EQ(copied.to, range(4, 6));
    EXPECT_EQ(list_mails(tx.db, inbox)[4].flags, 0x200u);
    // Both references of a message go in one range.
    EXPECT_EQ(expunge(tx, kMe, inbox, range(1, 99)), range(1, 6));
    EXPECT_EQ(count(tx, "SELECT count(*) FROM message"), 0);
    expect_counted(tx, kMe);
  });
}

TEST_F(Mails, KeywordsAreTranslatedIntoThoseOfTheOtherMailbox) {
  with_mails(3, [](Transaction& tx, MailboxId inbox) {
    MailboxId trash = trash_of(tx, kOther);
    uint64_t a = keyword_bits(tx, kMe, inbox, {"a"}).value(), b = keyword_bits(tx, kMe, inbox, {"b"}).value();
    change_flags(tx, kMe, inbox, range(1, 1), {FlagChange::add, a});
    change_flags(tx, kMe, inbox, range(2, 2), {FlagChange::add, a | b | kSeen});
    uint64_t other_b = keyword_bits(tx, kOther, trash, {"x", "B"}).value() & ~uint64_t{0x100};
    Copied copied = copy_mails(tx, inbox, range(1, 3), kOther, trash);
    EXPECT_EQ(copied.to, range(1, 3));
    std::vector<Mail> to = list_mails(tx.db, trash);
    EXPECT_EQ(find_mailbox(tx.db, trash)->keywords, (std::vector<std::string>{"x", "B", "a"}));
    EXPECT_EQ(to[0].flags, 0x400u);
    EXPECT_EQ(to[1].flags, 0x400u | other_b | kSeen);
    EXPECT_EQ(to[2].flags, 0u);
    expect_counted(tx, kMe);
    expect_counted(tx, kOther);
  });
}

TEST_F(Mails, KeywordsThatDoNotFitAreLeftBehind) {
  with_mails(2, [](Transaction& tx, MailboxId inbox) {
    MailboxId trash = trash_of(tx);
    std::vector<std::string> many;
    for (size_t i = 0; i < kKeywordsMax; ++i) many.push_back("k" + std::to_string(i));
    keyword_bits(tx, kMe, trash, many);
    uint64_t both = keyword_bits(tx, kMe, inbox, {"k0", "new"}).value();
    change_flags(tx, kMe, inbox, range(1, 2), {FlagChange::add, both | kSeen});
    copy_mails(tx, inbox, range(1, 2), kMe, trash);
    EXPECT_EQ(list_mails(tx.db, trash)[1].flags, kSeen | 0x100u);
  });
}

TEST_F(Mails, ACopyThatIsOverTheQuotaIsNone) {
  with_mails(4, [](Transaction& tx, MailboxId inbox) {
    uint64_t used = usage(tx.db, kMe)->octets;
    tx.db.prepare("UPDATE account SET quota_octets = ? WHERE id = 1")
        .bind(static_cast<int64_t>(2 * used - 1))
        .run();
    Copied refused = copy_mails(tx, inbox, range(1, 4), kMe, trash_of(tx));
    EXPECT_TRUE(refused.over_quota);
    EXPECT_EQ(refused.messages, 0u);
    EXPECT_EQ(uids(tx, trash_of(tx)).size(), 0u);
    EXPECT_FALSE(copy_mails(tx, inbox, range(1, 3), kMe, trash_of(tx)).over_quota);
    EXPECT_FALSE(copy_mails(tx, inbox, range(1, 4), kOther, trash_of(tx, kOther)).over_quota);
    expect_counted(tx, kMe);
    expect_counted(tx, kOther);
  });
}

TEST_F(Mails, AreExpungedTogether) {
  with_mails(10, [](Transaction& tx, MailboxId inbox) {
    ModSeq before = find_mailbox(tx.db, inbox)->modseq;
    change_flags(tx, kMe, inbox, {{{2}, {3}}, {{5}, {5}}, {{9}, {10}}}, {FlagChange::add, kDeleted});
    copy_mails(tx, inbox, range(2, 2), kOther, trash_of(tx, kOther));
    UidRanges gone = expunge(tx, kMe, inbox, range(1, 9), true);
    EXPECT_EQ(gone, (UidRanges{{{2}, {3}}, {{5}, {5}}, {{9}, {9}}}));
    EXPECT_EQ(uids(tx, inbox), (std::vector<int64_t>{1, 4, 6, 7, 8, 10}));
    EXPECT_EQ(count(tx, "SELECT count(*) FROM message"), 7);
    EXPECT_EQ(expunged_since(tx.db, kMe, inbox, before), gone);
    EXPECT_TRUE(expunge(tx, kMe, inbox, range(2, 3)).empty());
    // What is between has gone before: one range over all of it.
    EXPECT_EQ(expunge(tx, kMe, inbox, range(1, 6)), range(1, 6));
    EXPECT_EQ(expunged_since(tx.db, kMe, inbox, before), (UidRanges{{{1}, {6}}, {{9}, {9}}}));
    EXPECT_TRUE(expunged_since(tx.db, kMe, inbox, find_mailbox(tx.db, inbox)->modseq).empty());
    expect_counted(tx, kMe);
    expect_counted(tx, kOther);
  });
}

TEST_F(Mails, ThatWaitInTheQueueStay) {
  with_mails(2, [](Transaction& tx, MailboxId inbox) {
    MessageId message = list_mails(tx.db, inbox)[0].message;
    tx.db
        .prepare(
            "INSERT INTO queue_entry (id, message, local_part, domain, destination, notify, state, attempts, "
            "queued_at, due_at, delay_noticed, last_status, last_reason, last_mta) "
            "VALUES (5, ?, 'a', 'b', 'b', 0, 0, 0, 0, 0, 0, '', '', '')")
        .bind(message.value)
        .run();
    expunge(tx, kMe, inbox, range(1, 2));
    EXPECT_TRUE(find_message(tx.db, message).has_value());
    EXPECT_EQ(count(tx, "SELECT count(*) FROM message"), 1);
  });
}

}  // namespace
}  // namespace pabal::store

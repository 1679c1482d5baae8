// The tree of mailboxes: making, renaming, deleting, subscriptions, keywords, and
// that a name never gets a UIDVALIDITY twice.
#include <set>

#include "base/bytes.h"
#include "store/changes.h"
#include "store_world.h"

namespace pabal::store {
namespace {

constexpr AccountId kMe{kAccount};

// Runs each test inside one transaction.
class Folders : public RealStore {
 protected:
  Folders() : store_(Store::open(world_, options())) {
    store_->execute_now([](Transaction& tx) { make_account(tx); });
  }
  ~Folders() override { loop_.run(store_->close()); }
  void in_transaction(std::function<void(Transaction&)> work) { store_->execute_now(std::move(work)); }

  static std::string names(Transaction& tx) {
    std::vector<std::string> out;
    for (const Mailbox& mailbox : list_mailboxes(tx.db, kMe)) out.push_back(mailbox.name);
    return join(out, " ");
  }
  static MailboxId make(Transaction& tx, std::string_view name) {
    return create_mailbox(tx, kMe, name, "").value();
  }

  std::unique_ptr<Store> store_;
};

TEST_F(Folders, AreThereFromTheBeginning) {
  in_transaction([](Transaction& tx) {
    EXPECT_EQ(names(tx), "Archive Drafts INBOX Junk Sent Trash");
    EXPECT_EQ(list_subscriptions(tx.db, kMe),
              (std::vector<std::string>{"Archive", "Drafts", "INBOX", "Junk", "Sent", "Trash"}));
    std::set<UidValidity> validities;
    for (const Mailbox& mailbox : list_mailboxes(tx.db, kMe)) {
      EXPECT_EQ(mailbox.modseq.value, 1);
      EXPECT_EQ(mailbox.uid_next.value, 1);
      EXPECT_EQ(mailbox.account, kMe);
      validities.insert(mailbox.uid_validity);
    }
    EXPECT_EQ(validities.size(), 6u);
    EXPECT_EQ(find_mailbox(tx.db, kMe, "inbox"), inbox_of(tx.db));
  });
}

TEST_F(Folders, AreMadeOnce) {
  in_transaction([](Transaction& tx) {
    MailboxId id = create_mailbox(tx, kMe, "보관/2026", "\\Archive \\Important").value();
    Mailbox mailbox = *find_mailbox(tx.db, id);
    EXPECT_EQ(mailbox.name, "보관/2026");
    EXPECT_EQ(mailbox.special_use, "\\Archive \\Important");
    EXPECT_EQ(create_mailbox(tx, kMe, "보관/2026", "").error(), MailboxError::exists);
    EXPECT_EQ(create_mailbox(tx, kMe, "Inbox", "").error(), MailboxError::exists);
    EXPECT_EQ(create_mailbox(tx, kMe, std::string(1001, 'x'), "").error(), MailboxError::name_too_long);
    EXPECT_TRUE(create_mailbox(tx, kMe, std::string(1000, 'x'), "").has_value());
    std::vector<Change> changes = list_changes(tx.db, kMe, ModSeq{1});
    ASSERT_EQ(changes.size(), 2u);
    EXPECT_EQ(changes[0].kind, ChangeKind::mailbox_made);
    EXPECT_EQ(changes[0].mailbox, id);
    EXPECT_EQ(changes[0].modseq, mailbox.modseq);
  });
}

TEST_F(Folders, AreNoMoreThanAllowed) {
  in_transaction([](Transaction& tx) {
    for (size_t i = 6; i < kMailboxesMax; ++i) {
      tx.db
          .prepare(
              "INSERT INTO mailbox (id, account, name, special_use, uidvalidity, uidnext, modseq, messages, "
              "octets) VALUES (?, 1, ?, '', 1, 1, 1, 0, 0)")
          .bind(static_cast<int64_t>(1000 + i))
          .bind("m" + std::to_string(i))
          .run();
    }
    EXPECT_EQ(create_mailbox(tx, kMe, "one-more", "").error(), MailboxError::too_many);
    EXPECT_EQ(rename_mailbox(tx, kMe, "INBOX", "one-more").error(), MailboxError::too_many);
  });
}

TEST_F(Folders, AreRenamedWithAllBelow) {
  in_transaction([](Transaction& tx) {
    MailboxId a = make(tx, "a"), ab = make(tx, "a/b");
    make(tx, "a/b/c"), make(tx, "ab"), make(tx, "x/b");
    UidValidity before = *uid_validity(tx.db, ab);
    EXPECT_EQ(rename_mailbox(tx, kMe, "a", "Trash").error(), MailboxError::exists);
    EXPECT_EQ(rename_mailbox(tx, kMe, "a", "x").error(), MailboxError::exists);
    EXPECT_EQ(rename_mailbox(tx, kMe, "nowhere", "y").error(), MailboxError::not_found);
    EXPECT_EQ(rename_mailbox(tx, kMe, "a", std::string(999, 'y')).error(), MailboxError::name_too_long);
    EXPECT_EQ(names(tx), "Archive Drafts INBOX Junk Sent Trash a a/b a/b/c ab x/b");
    ASSERT_TRUE(rename_mailbox(tx, kMe, "a", "new/name").has_value());
    EXPECT_EQ(names(tx), "Archive Drafts INBOX Junk Sent Trash ab new/name new/name/b new/name/b/c x/b");
    EXPECT_EQ(find_mailbox(tx.db, kMe, "new/name"), a);
    EXPECT_EQ(find_mailbox(tx.db, kMe, "new/name/b"), ab);
    EXPECT_EQ(uid_validity(tx.db, ab), before);
    // A name with nothing but what is below it.
    ASSERT_TRUE(rename_mailbox(tx, kMe, "new", "old").has_value());
    EXPECT_EQ(find_mailbox(tx.db, kMe, "old/name/b"), ab);
  });
}

TEST_F(Folders, AreRenamedIntoAndOutOfThemselves) {
  in_transaction([](Transaction& tx) {
    MailboxId a = make(tx, "a"), ab = make(tx, "a/c"), deep = make(tx, "a/b/c");
    ASSERT_TRUE(rename_mailbox(tx, kMe, "a", "a/b").has_value());
    EXPECT_EQ(find_mailbox(tx.db, kMe, "a/b"), a);
    EXPECT_EQ(find_mailbox(tx.db, kMe, "a/b/c"), ab);
    EXPECT_EQ(find_mailbox(tx.db, kMe, "a/b/b/c"), deep);
    ASSERT_TRUE(rename_mailbox(tx, kMe, "a/b", "a").has_value());
    EXPECT_EQ(find_mailbox(tx.db, kMe, "a"), a);
    EXPECT_EQ(find_mailbox(tx.db, kMe, "a/c"), ab);
    EXPECT_EQ(find_mailbox(tx.db, kMe, "a/b/c"), deep);
  });
}

TEST_F(Folders, AreDeletedWithTheirMailsButNotWithWhatIsBelow) {
  MessageId message;
  auto fill = [&](Store& s) -> rt::Task<void> { message = co_await deliver(s, text_of(900)); };
  loop_.run(fill(*store_));
  in_transaction([&](Transaction& tx) {
    MailboxId a = make(tx, "a");
    make(tx, "a/b");
    Copied copied = copy_mails(tx, inbox_of(tx.db), {{{1}, {1}}}, kMe, a);
    EXPECT_EQ(copied.messages, 1u);
    EXPECT_EQ(delete_mailbox(tx, kMe, "inbox").error(), MailboxError::inbox);
    EXPECT_EQ(delete_mailbox(tx, kMe, "nowhere").error(), MailboxError::not_found);
    set_subscribed(tx, kMe, "a", true);
    ASSERT_TRUE(delete_mailbox(tx, kMe, "a").has_value());
    EXPECT_FALSE(find_mailbox(tx.db, kMe, "a").has_value());
    EXPECT_TRUE(find_mailbox(tx.db, kMe, "a/b").has_value());
    EXPECT_EQ(usage(tx.db, kMe)->messages, 1u);
    EXPECT_TRUE(find_message(tx.db, message).has_value());
    EXPECT_TRUE(list_mails(tx.db, a).empty());
    EXPECT_EQ(list_changes(tx.db, kMe, {}, a).back().kind, ChangeKind::mailbox_removed);
    EXPECT_EQ(list_subscriptions(tx.db, kMe).back(), "a");
  });
}

TEST_F(Folders, ANameNeverGetsAUidValidityTwice) {
  in_transaction([](Transaction& tx) {
    std::set<UidValidity> seen;
    for (int i = 0; i < 5; ++i) {
      EXPECT_TRUE(seen.insert(*uid_validity(tx.db, make(tx, "a"))).second);
      // Another one under the name, and away again.
      make(tx, "b");
      ASSERT_TRUE(delete_mailbox(tx, kMe, "a").has_value());
      ASSERT_TRUE(rename_mailbox(tx, kMe, "b", "a").has_value());
      EXPECT_TRUE(seen.insert(*uid_validity(tx.db, *find_mailbox(tx.db, kMe, "a"))).second);
      ASSERT_TRUE(delete_mailbox(tx, kMe, "a").has_value());
    }
    EXPECT_GE(seen.begin()->value, tx.now.ms / 1000);
  });
}

// RFC 8474 §4.1; and the change feed of the one is not that of the other.
TEST_F(Folders, AnIdIsNeverGivenTwice) {
  std::set<MailboxId> ids;
  for (int i = 0; i < 3; ++i) {
    in_transaction([&](Transaction& tx) {
      EXPECT_TRUE(ids.insert(make(tx, "a")).second);
      EXPECT_TRUE(ids.insert(make(tx, "b")).second);
      EXPECT_TRUE(delete_mailbox(tx, kMe, "b"));
      EXPECT_TRUE(delete_mailbox(tx, kMe, "a"));
    });
  }
}

TEST_F(Folders, InboxIsRenamedByMovingItsMails) {
  auto fill = [](Store& s) -> rt::Task<void> {
    for (int i = 0; i < 4; ++i) co_await deliver(s, text_of(500 + static_cast<size_t>(i)));
  };
  loop_.run(fill(*store_));
  in_transaction([](Transaction& tx) {
    MailboxId inbox = inbox_of(tx.db);
    make(tx, "INBOX/below");
    uint64_t keyword = keyword_bits(tx, kMe, inbox, {"$Forwarded"}).value();
    change_flags(tx, kMe, inbox, {{{2}, {2}}}, {FlagChange::add, keyword | kSeen});
    expunge(tx, kMe, inbox, {{{1}, {1}}});
    Mailbox before = *find_mailbox(tx.db, inbox);
    Usage used = *usage(tx.db, kMe);
    ASSERT_TRUE(rename_mailbox(tx, kMe, "inbox", "old").has_value());
    Mailbox now = *find_mailbox(tx.db, inbox);
    Mailbox old = *find_mailbox(tx.db, *find_mailbox(tx.db, kMe, "old"));
    EXPECT_EQ(now.name, "INBOX");
    EXPECT_EQ(now.messages, 0u);
    EXPECT_EQ(now.octets, 0u);
    EXPECT_EQ(now.uid_next, before.uid_next);
    EXPECT_EQ(now.uid_validity, before.uid_validity);
    EXPECT_NE(old.uid_validity, before.uid_validity);
    EXPECT_EQ(old.messages, 3u);
    EXPECT_EQ(old.octets, before.octets);
    EXPECT_EQ(old.keywords, before.keywords);
    EXPECT_EQ(usage(tx.db, kMe)->octets, used.octets);
    EXPECT_TRUE(find_mailbox(tx.db, kMe, "INBOX/below").has_value());
    std::vector<Mail> mails = list_mails(tx.db, old.id);
    ASSERT_EQ(mails.size(), 3u);
    EXPECT_EQ(mails[0].flags, keyword | kSeen);
    EXPECT_EQ(mails[0].modseq, old.modseq);
    EXPECT_EQ(expunged_since(tx.db, kMe, inbox, before.modseq), (UidRanges{{{1}, {4}}}));
    EXPECT_EQ(list_changes(tx.db, kMe, before.modseq, old.id).size(), 2u);
  });
}

TEST_F(Folders, SubscriptionsAreNames) {
  in_transaction([](Transaction& tx) {
    set_subscribed(tx, kMe, "no/such/mailbox", true);
    set_subscribed(tx, kMe, "no/such/mailbox", true);
    set_subscribed(tx, kMe, "inbox", false);
    set_subscribed(tx, kMe, "Junk", false);
    EXPECT_EQ(list_subscriptions(tx.db, kMe),
              (std::vector<std::string>{"Archive", "Drafts", "Sent", "Trash", "no/such/mailbox"}));
  });
}

TEST_F(Folders, KeywordsGetBitsInTheirOrder) {
  in_transaction([](Transaction& tx) {
    MailboxId inbox = inbox_of(tx.db);
    EXPECT_EQ(keyword_bits(tx, kMe, inbox, {"$Junk", "Work"}), 0x300u);
    ModSeq known = find_mailbox(tx.db, inbox)->modseq;
    EXPECT_EQ(keyword_bits(tx, kMe, inbox, {"WORK", "$junk"}), 0x300u);
    EXPECT_EQ(find_mailbox(tx.db, inbox)->modseq, known);  // nothing new
    EXPECT_EQ(keyword_bits(tx, kMe, inbox, {"later", "work"}), 0x600u);
    EXPECT_EQ(find_mailbox(tx.db, inbox)->keywords, (std::vector<std::string>{"$Junk", "Work", "later"}));
    std::vector<Change> changes = list_changes(tx.db, kMe, known, inbox);
    ASSERT_EQ(changes.size(), 1u);
    EXPECT_EQ(changes[0].kind, ChangeKind::mailbox);
    EXPECT_EQ(keyword_bits(tx, kMe, inbox, {}), 0u);
  });
}

TEST_F(Folders, TakeFiftyFourKeywords) {
  in_transaction([](Transaction& tx) {
    MailboxId inbox = inbox_of(tx.db);
    std::vector<std::string> keywords;
    for (size_t i = 0; i < kKeywordsMax; ++i) keywords.push_back("k" + std::to_string(i));
    uint64_t all = keyword_bits(tx, kMe, inbox, keywords).value();
    EXPECT_EQ(all, ((uint64_t{1} << 54) - 1) << 8);
    EXPECT_EQ(keyword_bits(tx, kMe, inbox, {"k0", "one-more"}), std::nullopt);
    EXPECT_EQ(find_mailbox(tx.db, inbox)->keywords.size(), kKeywordsMax);
  });
}

TEST_F(Folders, GoWithTheirAccount) {
  auto fill = [](Store& s) -> rt::Task<void> { co_await deliver(s, text_of(500)); };
  loop_.run(fill(*store_));
  in_transaction([](Transaction& tx) {
    make_account(tx, 40);
    remove_account_data(tx, kMe, "user1@example.test");
    for (const char* table : {"mail", "message"}) {
      Statement count = tx.db.prepare(std::string("SELECT count(*) FROM ") + table);
      count.step();
      EXPECT_EQ(count.number(0), 0) << table;
    }
    EXPECT_TRUE(list_mailboxes(tx.db, kMe).empty());
    EXPECT_TRUE(list_subscriptions(tx.db, kMe).empty());
    EXPECT_TRUE(list_changes(tx.db, kMe, {}).empty());
    EXPECT_EQ(list_mailboxes(tx.db, AccountId{40}).size(), 6u);
  });
}

}  // namespace
}  // namespace pabal::store

// Access control lists, annotations and keys for URLs.
#include "store/sharing.h"

#include "store/counters.h"
#include "store/leftovers.h"
#include "store_world.h"

namespace pabal::store {
namespace {

constexpr AccountId kMe{kAccount}, kOther{40};

class Sharing : public RealStore {
 protected:
  void with_mailboxes(std::function<void(Transaction&, MailboxId mine, MailboxId others)> work) {
    with_store([&](Store& store) -> rt::Task<void> {
      auto run = [&](Transaction& tx) {
        make_account(tx, kOther.value);
        work(tx, inbox_of(tx.db), inbox_of(tx.db, kOther.value));
      };
      co_await test::write(store, run);
    });
  }
  static std::string listed(Transaction& tx, MailboxId mailbox) {
    std::string out;
    for (const AclEntry& entry : list_acl(tx.db, mailbox)) out += entry.identifier + '=' + entry.rights + ' ';
    return out;
  }
  static std::string annotated(Transaction& tx, MailboxId mailbox, AccountId reader) {
    std::string out;
    for (const Annotation& a : list_annotations(tx.db, mailbox, reader)) out += a.entry + '=' + a.value + ' ';
    return out;
  }
};

TEST_F(Sharing, RightsAreGivenAndTaken) {
  with_mailboxes([](Transaction& tx, MailboxId mine, MailboxId others) {
    EXPECT_TRUE(set_acl(tx, mine, "user40@example.test", "lrs"));
    EXPECT_TRUE(set_acl(tx, mine, "anyone", "l"));
    EXPECT_TRUE(set_acl(tx, mine, "-anyone", "x"));
    EXPECT_TRUE(set_acl(tx, mine, "anyone", "lr"));
    EXPECT_EQ(listed(tx, mine), "-anyone=x anyone=lr user40@example.test=lrs ");
    EXPECT_TRUE(set_acl(tx, mine, "-anyone", ""));
    EXPECT_TRUE(set_acl(tx, mine, "nobody@example.test", ""));
    EXPECT_EQ(listed(tx, mine), "anyone=lr user40@example.test=lrs ");
    EXPECT_EQ(listed(tx, others), "");
  });
}

TEST_F(Sharing, ListsOfRightsHaveALimit) {
  with_mailboxes([](Transaction& tx, MailboxId mine, MailboxId) {
    for (size_t i = 0; i < kAclEntriesMax; ++i)
      EXPECT_TRUE(set_acl(tx, mine, "a" + std::to_string(i) + "@example.test", "l"));
    EXPECT_FALSE(set_acl(tx, mine, "one-more@example.test", "l"));
    EXPECT_TRUE(set_acl(tx, mine, "a7@example.test", "lr"));
    EXPECT_EQ(list_acl(tx.db, mine).size(), kAclEntriesMax);
  });
}

TEST_F(Sharing, MailboxesOfOthersAreFoundByWhoMayReadThem) {
  with_mailboxes([](Transaction& tx, MailboxId mine, MailboxId others) {
    const std::vector<std::string> me{"user1@example.test", "anyone"};
    MailboxId junk = *find_mailbox(tx.db, kOther, "Junk");
    set_acl(tx, others, "user1@example.test", "lr");
    set_acl(tx, others, "anyone", "l");
    set_acl(tx, junk, "anyone", "l");
    set_acl(tx, mine, "anyone", "l");
    set_acl(tx, *find_mailbox(tx.db, kOther, "Sent"), "user2@example.test", "l");
    EXPECT_EQ(list_shared_mailboxes(tx.db, kMe, me), (std::vector<MailboxId>{others, junk}));
    EXPECT_EQ(list_shared_mailboxes(tx.db, kOther, {"anyone"}), std::vector<MailboxId>{mine});
    EXPECT_TRUE(list_shared_mailboxes(tx.db, kMe, {}).empty());
  });
}

// Somebody has looked them up, and they are gone when he writes.
TEST_F(Sharing, NothingHangsOnWhatIsGone) {
  with_mailboxes([](Transaction& tx, MailboxId, MailboxId) {
    const MailboxId box = create_mailbox(tx, kMe, "short-lived", "").value();
    EXPECT_TRUE(delete_mailbox(tx, kMe, "short-lived"));
    EXPECT_EQ(set_acl(tx, box, "anyone", "lr").error(), AclError::no_mailbox);
    EXPECT_EQ(set_acl(tx, box, "anyone", "").error(), AclError::no_mailbox);
    for (const char* entry : {"/shared/comment", "/private/comment"})
      EXPECT_EQ(set_annotation(tx, box, kMe, entry, "x").error(), AnnotationError::no_mailbox);
    EXPECT_EQ(set_annotation(tx, {}, AccountId{404}, "/private/comment", "x").error(),
              AnnotationError::no_mailbox);
    set_subscribed(tx, AccountId{404}, "INBOX", true);
    EXPECT_TRUE(list_leftovers(tx.db).empty());
  });
}

TEST_F(Sharing, AnnotationsCountAgainstTheQuotaOfWhoseTheyAre) {
  with_mailboxes([](Transaction& tx, MailboxId, MailboxId) {
    MailboxId box = create_mailbox(tx, kMe, "annotated", "").value();
    auto used = [&](AccountId account) { return usage(tx.db, account)->octets; };
    const std::string shared = "/shared/comment", own = "/private/comment";
    EXPECT_TRUE(set_annotation(tx, box, kOther, shared, std::string(100, 'x')));
    EXPECT_EQ(used(kMe), shared.size() + 100);
    EXPECT_EQ(used(kOther), 0u);
    EXPECT_TRUE(set_annotation(tx, box, kOther, own, std::string(50, 'x')));
    EXPECT_EQ(used(kOther), own.size() + 50);
    EXPECT_TRUE(set_annotation(tx, {}, kOther, own, "of the server"));
    EXPECT_EQ(used(kOther), 2 * own.size() + 63);

    tx.db.prepare("UPDATE account SET quota_octets = 120 WHERE id = ?").bind(kMe.value).run();
    EXPECT_EQ(set_annotation(tx, box, kOther, shared, std::string(110, 'x')).error(),
              AnnotationError::over_quota);
    EXPECT_EQ(set_annotation(tx, box, kMe, own, "one more").error(), AnnotationError::over_quota);
    EXPECT_TRUE(set_annotation(tx, box, kMe, shared, std::string(99, 'x'))) << "less is always allowed";
    EXPECT_TRUE(compare_counters(tx.db).empty());

    EXPECT_TRUE(delete_mailbox(tx, kMe, "annotated"));
    EXPECT_EQ(used(kMe), 0u);
    EXPECT_EQ(used(kOther), own.size() + 13);
    EXPECT_TRUE(set_annotation(tx, {}, kOther, own, std::nullopt));
    EXPECT_EQ(used(kOther), 0u);
    EXPECT_TRUE(compare_counters(tx.db).empty());
  });
}

TEST_F(Sharing, AnnotationsAreSharedOrOnesOwn) {
  with_mailboxes([](Transaction& tx, MailboxId mine, MailboxId) {
    EXPECT_TRUE(set_annotation(tx, mine, kMe, "/shared/Comment", "for all"));
    EXPECT_TRUE(set_annotation(tx, mine, kMe, "/private/comment", "mine"));
    EXPECT_TRUE(set_annotation(tx, mine, kOther, "/private/comment", std::string("a\0b", 3)));
    EXPECT_TRUE(set_annotation(tx, {}, kMe, "/shared/admin", "mailto:postmaster"));
    EXPECT_EQ(annotated(tx, mine, kMe), "/private/comment=mine /shared/comment=for all ");
    EXPECT_EQ(annotated(tx, mine, kOther), std::string("/private/comment=a\0b /shared/comment=for all ", 45));
    EXPECT_EQ(annotated(tx, {}, kOther), "/shared/admin=mailto:postmaster ");
    EXPECT_TRUE(set_annotation(tx, mine, kOther, "/shared/comment", std::nullopt));
    EXPECT_TRUE(set_annotation(tx, mine, kMe, "/private/comment", "other"));
    EXPECT_EQ(annotated(tx, mine, kMe), "/private/comment=other ");
  });
}

TEST_F(Sharing, AnnotationsHaveLimits) {
  with_mailboxes([](Transaction& tx, MailboxId mine, MailboxId) {
    EXPECT_EQ(set_annotation(tx, mine, kMe, "/shared/a", std::string(kAnnotationOctetsMax, 'x')).error(),
              AnnotationError::too_large);
    for (size_t i = 0; i < kAnnotationsMax; ++i)
      EXPECT_TRUE(set_annotation(tx, mine, kMe, "/private/" + std::to_string(i), "x"));
    EXPECT_EQ(set_annotation(tx, mine, kMe, "/private/more", "x").error(), AnnotationError::too_many);
    EXPECT_TRUE(set_annotation(tx, mine, kMe, "/private/7", "y"));
    EXPECT_TRUE(set_annotation(tx, mine, kOther, "/private/more", "x"));
    EXPECT_TRUE(set_annotation(tx, mine, kMe, "/private/more", std::nullopt));
  });
}

TEST_F(Sharing, KeysOfUrlsStayUntilTheyAreReset) {
  with_mailboxes([](Transaction& tx, MailboxId mine, MailboxId others) {
    EXPECT_EQ(find_url_auth_key(tx.db, mine), std::nullopt);
    EXPECT_EQ(url_auth_key(tx, mine, std::string("k\0y", 3)), std::string("k\0y", 3));
    EXPECT_EQ(url_auth_key(tx, mine, "another"), std::string("k\0y", 3));
    EXPECT_EQ(find_url_auth_key(tx.db, others), std::nullopt);
    reset_url_auth_key(tx, mine);
    EXPECT_EQ(find_url_auth_key(tx.db, mine), std::nullopt);
    EXPECT_EQ(url_auth_key(tx, mine, "another"), "another");
  });
}

TEST_F(Sharing, AllOfItGoesWithTheMailboxAndTheAccount) {
  with_mailboxes([](Transaction& tx, MailboxId mine, MailboxId others) {
    auto rows = [&](const char* table) {
      Statement select = tx.db.prepare(std::string("SELECT count(*) FROM ") + table);
      select.step();
      return select.number(0);
    };
    MailboxId gone = *create_mailbox(tx, kMe, "gone", "");
    set_acl(tx, gone, "anyone", "l");
    ASSERT_TRUE(set_annotation(tx, gone, kOther, "/private/comment", "x"));
    ASSERT_TRUE(delete_mailbox(tx, kMe, "gone"));
    EXPECT_EQ(rows("acl") + rows("metadata"), 0);

    set_acl(tx, mine, "user40@example.test", "l");
    set_acl(tx, others, "user1@example.test", "lr");
    set_acl(tx, others, "-user1@example.test", "x");
    ASSERT_TRUE(set_annotation(tx, others, kMe, "/private/comment", "x"));
    ASSERT_TRUE(set_annotation(tx, {}, kMe, "/private/comment", "x"));
    ASSERT_TRUE(set_annotation(tx, mine, kOther, "/private/comment", "x"));
    remove_account_data(tx, kMe, "user1@example.test");
    EXPECT_EQ(rows("acl") + rows("metadata"), 0);
  });
}

}  // namespace
}  // namespace pabal::store

// The feed of an account as its consumers read it, against what the account really had
// after each change.
#include "store/feed.h"

#include <map>
#include <random>
#include <set>

#include "store/sharing.h"
#include "store/threads.h"
#include "store_world.h"

namespace pabal::store {
namespace {

constexpr AccountId kMe{kAccount}, kOther{40};
const UidRanges kAll{{{1}, {UINT32_MAX}}};

using Ids = std::set<int64_t>;

Ids read_ids(Database& db, const char* sql, AccountId account) {
  Statement select = db.prepare(sql);
  select.bind(account.value);
  Ids ids;
  while (select.step()) ids.insert(select.number(0));
  return ids;
}

// What there is of a type now.
Ids objects(Database& db, ObjectType type, AccountId account) {
  constexpr const char* kEmails =
      "SELECT mail.message FROM mail JOIN mailbox ON mailbox.id = mail.mailbox WHERE mailbox.account = ?";
  constexpr const char* kThreads =
      "SELECT thread.thread FROM thread JOIN mail ON mail.message = thread.message "
      "JOIN mailbox ON mailbox.id = mail.mailbox WHERE mailbox.account = ?";
  if (type == ObjectType::mailbox) return read_ids(db, "SELECT id FROM mailbox WHERE account = ?", account);
  return read_ids(db, type == ObjectType::email ? kEmails : kThreads, account);
}

ModSeq newest(Database& db, AccountId account) {
  Statement select = db.prepare("SELECT modseq FROM account WHERE id = ?");
  select.bind(account.value).step();
  return {select.number(0)};
}

class Feed : public RealStore {
 protected:
  Feed() : store_(Store::open(world_, options())) {
    store_->execute_now([](Transaction& tx) {
      make_account(tx);
      make_account(tx, kOther.value);
    });
  }
  ~Feed() override { loop_.run(store_->close()); }

  void in_transaction(std::function<void(Transaction&)> work) { store_->execute_now(std::move(work)); }

  MessageId add(Transaction& tx, AccountId account = kMe, const char* mailbox = "INBOX") {
    MessageRecord message;
    message.id = MessageId{store_->new_id()};
    NewBlob blob{text_of(100), sha256(text_of(100)), {}};
    message.hash = blob.hash;
    message.size_octets = blob.bytes.size();
    message.received_at = tx.now;
    insert_message(tx, message, blob);
    append(tx, account, *find_mailbox(tx.db, account, mailbox), message, 0);
    return message.id;
  }
  static void give(Transaction& tx, MessageId message, const std::string& conversation) {
    Summary summary{
        .message = message, .base_subject = "x", .message_id = "m" + std::to_string(message.value)};
    summary.references = {conversation};
    give_threads(tx, {summary});
  }
  static MailboxId box(Transaction& tx, const char* name, AccountId account = kMe) {
    return find_mailbox(tx.db, account, name).value();
  }
  // From behind `since`, in one piece.
  static ObjectChanges changes(Transaction& tx, ObjectType type, ModSeq since, AccountId account = kMe) {
    return changes_of(tx.db, account, type, behind(since), 100'000).value();
  }

  std::unique_ptr<Store> store_;
};

std::vector<int64_t> ids(std::initializer_list<MessageId> messages) {
  std::vector<int64_t> out;
  for (MessageId m : messages) out.push_back(m.value);
  return out;
}

TEST_F(Feed, NamesWhatWasMadeAndWhatWasDestroyed) {
  in_transaction([this](Transaction& tx) {
    MessageId kept = add(tx), flagged = add(tx), gone = add(tx);
    ModSeq since = newest(tx.db, kMe);
    MessageId fresh = add(tx), brief = add(tx);
    change_flags(tx, kMe, box(tx, "INBOX"), {{{2}, {2}}, {{4}, {4}}}, {FlagChange::add, kFlagged});
    expunge(tx, kMe, box(tx, "INBOX"), {{{3}, {3}}, {{5}, {5}}});
    ObjectChanges found = changes(tx, ObjectType::email, since);
    EXPECT_EQ(found.created, ids({fresh}));
    EXPECT_EQ(found.updated, ids({flagged}));
    EXPECT_EQ(found.destroyed, ids({gone}));  // and nothing of `brief`, which came and went
    EXPECT_FALSE(found.more);
    EXPECT_EQ(found.next, behind(newest(tx.db, kMe)));
    EXPECT_NE(kept, brief);
  });
}

TEST_F(Feed, CallsAMoveAnUpdateAndTheLastCopyTheEnd) {
  in_transaction([this](Transaction& tx) {
    MailboxId inbox = box(tx, "INBOX"), trash = box(tx, "Trash");
    MessageId mail = add(tx);
    ModSeq since = newest(tx.db, kMe);
    copy_mails(tx, inbox, kAll, kMe, trash);
    copy_mails(tx, inbox, kAll, kOther, box(tx, "INBOX", kOther));
    expunge(tx, kMe, inbox, kAll);
    EXPECT_EQ(changes(tx, ObjectType::email, since).updated, ids({mail}));
    since = newest(tx.db, kMe);
    expunge(tx, kMe, trash, kAll);
    EXPECT_EQ(changes(tx, ObjectType::email, since).destroyed, ids({mail}));
    EXPECT_EQ(changes(tx, ObjectType::email, {}, kOther).created, ids({mail}));
    since = newest(tx.db, kMe);
    copy_mails(tx, box(tx, "INBOX", kOther), kAll, kMe, inbox);  // and back
    EXPECT_EQ(changes(tx, ObjectType::email, since).created, ids({mail}));
  });
}

TEST_F(Feed, TwoCopiesInOneCommandAreOneMail) {
  in_transaction([this](Transaction& tx) {
    MailboxId inbox = box(tx, "INBOX"), theirs = box(tx, "INBOX", kOther);
    MessageId mail = add(tx);
    for (int i = 0; i < 2; ++i) copy_mails(tx, inbox, {{{1}, {1}}}, kMe, inbox);
    copy_mails(tx, inbox, kAll, kOther, theirs);
    EXPECT_EQ(changes(tx, ObjectType::email, {}, kOther).created, ids({mail}));
    ModSeq since = newest(tx.db, kOther);
    expunge(tx, kOther, theirs, kAll);
    // However it is cut, it is told once that the mail is gone.
    size_t destroyed = 0;
    for (FeedPoint at = behind(since);;) {
      ObjectChanges piece = changes_of(tx.db, kOther, ObjectType::email, at, 1).value();
      destroyed += piece.destroyed.size();
      if (!piece.more) break;
      at = piece.next;
    }
    EXPECT_EQ(destroyed, 1u);
  });
}

TEST_F(Feed, TellsOfMailboxesAndOfWhatHangsOnThem) {
  in_transaction([this](Transaction& tx) {
    ModSeq since = newest(tx.db, kMe);
    MailboxId inbox = box(tx, "INBOX"), made = create_mailbox(tx, kMe, "made", "").value();
    add(tx);
    ObjectChanges found = changes(tx, ObjectType::mailbox, since);
    EXPECT_EQ(found.created, std::vector{made.value});
    EXPECT_EQ(found.updated, std::vector{inbox.value});
    EXPECT_TRUE(found.counts_only);

    since = newest(tx.db, kMe);
    ModSeq theirs = newest(tx.db, kOther);
    set_acl(tx, inbox, "user40@example.test", "lr");
    record_acl(tx, kMe, inbox, kOther);
    found = changes(tx, ObjectType::mailbox, since);
    EXPECT_EQ(found.updated, std::vector{inbox.value});
    EXPECT_FALSE(found.counts_only);
    EXPECT_EQ(changes(tx, ObjectType::shared, theirs, kOther).updated, std::vector{inbox.value});
    EXPECT_TRUE(changes(tx, ObjectType::mailbox, theirs, kOther).updated.empty());

    since = newest(tx.db, kMe);
    set_subscribed(tx, kMe, "made", true);
    set_subscribed(tx, kMe, "inbox", true);  // it was already
    set_subscribed(tx, kMe, "no mailbox", true);
    EXPECT_EQ(changes(tx, ObjectType::mailbox, since).updated, std::vector{made.value});
    EXPECT_EQ(changes(tx, ObjectType::subscription, since).updated, (std::vector{made.value, int64_t{0}}));

    since = newest(tx.db, kMe);
    ASSERT_TRUE(set_annotation(tx, made, kMe, "/shared/comment", "of all").has_value());
    ASSERT_TRUE(set_annotation(tx, inbox, kOther, "/private/comment", "his alone").has_value());
    ASSERT_TRUE(set_annotation(tx, MailboxId{}, kMe, "/private/comment", "of the server").has_value());
    EXPECT_EQ(changes(tx, ObjectType::annotation, since).updated, std::vector{made.value});
    EXPECT_EQ(changes_of(tx.db, kMe, ObjectType::annotation, behind(since), 9, kMe)->updated,
              (std::vector{made.value, int64_t{0}}));
    EXPECT_EQ(changes_of(tx.db, kMe, ObjectType::annotation, behind(since), 9, kOther)->updated,
              (std::vector{made.value, inbox.value}));
    EXPECT_TRUE(changes(tx, ObjectType::mailbox, since).updated.empty());

    since = newest(tx.db, kMe);
    ASSERT_TRUE(delete_mailbox(tx, kMe, "made").has_value());
    remove_acls_of(tx, "user40@example.test");
    found = changes(tx, ObjectType::mailbox, since);
    EXPECT_EQ(found.destroyed, std::vector{made.value});
    EXPECT_EQ(found.updated, std::vector{inbox.value});
  });
}

TEST_F(Feed, TellsOfThreads) {
  in_transaction([this](Transaction& tx) {
    MailboxId inbox = box(tx, "INBOX");
    ModSeq since = newest(tx.db, kMe);
    MessageId first = add(tx), answer = add(tx), alone = add(tx);
    EXPECT_TRUE(changes(tx, ObjectType::thread, since).created.empty());  // none has one yet
    for (MessageId m : {first, answer}) give(tx, m, "one");
    give(tx, alone, "two");
    EXPECT_EQ(changes(tx, ObjectType::thread, since).created, ids({first, alone}));
    since = newest(tx.db, kMe);
    expunge(tx, kMe, inbox, {{{1}, {1}}, {{3}, {3}}});
    EXPECT_EQ(changes(tx, ObjectType::thread, since).updated, ids({first}));
    EXPECT_EQ(changes(tx, ObjectType::thread, since).destroyed, ids({alone}));
    since = newest(tx.db, kMe);
    expunge(tx, kMe, inbox, kAll);
    EXPECT_EQ(changes(tx, ObjectType::thread, since).destroyed, ids({first}));
  });
}

TEST_F(Feed, TellsOfManyMailsOfOneCommandInPieces) {
  in_transaction([this](Transaction& tx) {
    constexpr int64_t kMany = 1300;
    for (int64_t i = 0; i < kMany; ++i) add(tx);
    Ids known = objects(tx.db, ObjectType::email, kMe);
    ModSeq since = newest(tx.db, kMe);
    expunge(tx, kMe, box(tx, "INBOX"), kAll);
    EXPECT_EQ(list_changes(tx.db, kMe, since).size(), 3u);  // some rows, not one for each
    for (FeedPoint at = behind(since);;) {
      ObjectChanges piece = changes_of(tx.db, kMe, ObjectType::email, at, 100).value();
      EXPECT_LE(piece.destroyed.size(), 100u);
      for (int64_t id : piece.destroyed) EXPECT_EQ(known.erase(id), 1u);
      if (!piece.more) break;
      EXPECT_LT(at, piece.next);
      at = piece.next;
    }
    EXPECT_TRUE(known.empty());
    EXPECT_EQ(expunged_since(tx.db, kMe, box(tx, "INBOX"), since), (UidRanges{{{1}, {kMany}}}));
  });
}

TEST_F(Feed, GoesOnInTheMidstOfOneChangeOfFlags) {
  in_transaction([this](Transaction& tx) {
    for (int i = 0; i < 10; ++i) add(tx);
    ModSeq since = newest(tx.db, kMe);
    change_flags(tx, kMe, box(tx, "INBOX"), kAll, {FlagChange::add, kSeen});
    ObjectChanges piece = changes_of(tx.db, kMe, ObjectType::email, behind(since), 4).value();
    EXPECT_EQ(piece.updated.size(), 4u);
    expunge(tx, kMe, box(tx, "INBOX"), {{{2}, {6}}});  // what was told, and what was not
    Ids updated, destroyed;
    for (; piece.more; piece = changes_of(tx.db, kMe, ObjectType::email, piece.next, 4).value()) {
      updated.insert(piece.updated.begin(), piece.updated.end());
      destroyed.insert(piece.destroyed.begin(), piece.destroyed.end());
    }
    updated.insert(piece.updated.begin(), piece.updated.end());
    destroyed.insert(piece.destroyed.begin(), piece.destroyed.end());
    EXPECT_EQ(destroyed.size(), 5u);
    for (int64_t id : objects(tx.db, ObjectType::email, kMe)) {
      if (id != *objects(tx.db, ObjectType::email, kMe).begin()) EXPECT_TRUE(updated.contains(id));
    }
  });
}

TEST_F(Feed, CannotGoOnFromWhereNobodyCanHaveBeen) {
  in_transaction([this](Transaction& tx) {
    add(tx);
    ModSeq now = newest(tx.db, kMe);
    EXPECT_TRUE(changes_of(tx.db, kMe, ObjectType::email, {}, 1).has_value());
    EXPECT_TRUE(read_feed(tx.db, kMe, behind(now), 1)->changes.empty());
    EXPECT_FALSE(read_feed(tx.db, kMe, behind(ModSeq{now.value + 1}), 1).has_value());
    EXPECT_FALSE(read_feed(tx.db, AccountId{99}, {}, 1).has_value());
    FeedPiece piece = read_feed(tx.db, kMe, {}, 2).value();
    EXPECT_EQ(piece.changes.size(), 2u);
    EXPECT_TRUE(piece.more);
    EXPECT_GT(read_feed(tx.db, kMe, piece.next, 1)->changes[0].mailbox, piece.changes[1].mailbox);
  });
}

// Somebody who keeps up with an account, from one point on.
class Follower {
 public:
  Follower(ObjectType type, FeedPoint at, Ids known, size_t piece)
      : type_(type), at_(at), known_(std::move(known)), piece_(piece) {}

  // Until it is up to date. `truth`: what there was after each MODSEQ.
  void follow(Database& db, AccountId account, const std::map<int64_t, Ids>& truth) {
    for (bool more = true; more;) {
      std::expected<ObjectChanges, CannotCalculate> changes = changes_of(db, account, type_, at_, piece_);
      ASSERT_TRUE(changes.has_value());
      EXPECT_LE(changes->created.size() + changes->updated.size() + changes->destroyed.size(), piece_);
      for (int64_t id : changes->created) EXPECT_TRUE(known_.insert(id).second) << "made twice";
      for (int64_t id : changes->updated) EXPECT_TRUE(known_.contains(id)) << "updated, but never made";
      for (int64_t id : changes->destroyed) EXPECT_EQ(known_.erase(id), 1u) << "destroyed, but not there";
      more = changes->more;
      EXPECT_TRUE(!more || changes->next > at_);
      at_ = changes->next;
      auto then =
          at_ == behind(ModSeq{at_.modseq.value - 1}) ? truth.find(at_.modseq.value - 1) : truth.end();
      if (then != truth.end()) EXPECT_EQ(known_, then->second) << "at MODSEQ " << then->first;
    }
  }

 private:
  const ObjectType type_;
  FeedPoint at_;
  Ids known_;
  const size_t piece_;
};

// Whatever happens, whoever begins wherever and reads in pieces of whatever size knows
// at the end of each MODSEQ what there was then.
class FeedOfAnything : public Feed {
 protected:
  void happen(Transaction& tx, std::mt19937& random) {
    auto any = [&](size_t below) { return random() % below; };
    AccountId account = any(4) == 0 ? kOther : kMe;
    std::vector<Mailbox> boxes = list_mailboxes(tx.db, account);
    const Mailbox& from = boxes[any(boxes.size())];
    const MailboxId to = boxes[any(boxes.size())].id;
    const auto uid = static_cast<int64_t>(any(12)) + 1;
    const UidRanges some{{{uid}, {uid + static_cast<int64_t>(any(3))}}, {{uid + 5}, {uid + 5}}};
    switch (any(11)) {
      case 0:
        expunge(tx, account, from.id, any(5) == 0 ? kAll : some);
        break;
      case 1:
        copy_mails(tx, from.id, some, account, to);
        break;
      case 2: {
        Copied moved = copy_mails(tx, from.id, some, account, to);
        expunge(tx, account, from.id, moved.from);
        break;
      }
      case 3:
        copy_mails(tx, from.id, some, account == kMe ? kOther : kMe,
                   box(tx, any(2) != 0 ? "INBOX" : "Trash", account == kMe ? kOther : kMe));
        break;
      case 4:
        if (from.name != "Trash")
          (void)rename_mailbox(tx, account, any(3) == 0 ? "INBOX" : from.name,
                               "n" + std::to_string(any(1000)));
        break;
      case 5:
        if (any(3) == 0 && from.name[0] == 'n') (void)delete_mailbox(tx, account, from.name);
        break;
      case 6:
        change_flags(tx, account, from.id, some, {FlagChange::add, any(32)});
        break;
      case 7:
        for (int64_t id : objects(tx.db, ObjectType::email, account)) {
          if (any(3) == 0) give(tx, MessageId{id}, std::to_string(any(4)));
        }
        break;
      default:
        add(tx, account, from.name.c_str());
    }
  }
};

TEST_F(FeedOfAnything, TellsWhatThereIs) {
  in_transaction([this](Transaction& tx) {
    std::mt19937 random(14);
    const std::vector<ObjectType> types{ObjectType::email, ObjectType::thread, ObjectType::mailbox};
    std::map<int64_t, Ids> truth[2][3];
    for (int i = 0; i < 600; ++i) {
      happen(tx, random);
      for (size_t a = 0; a < 2; ++a) {
        const AccountId account = a == 0 ? kMe : kOther;
        for (size_t t = 0; t < 3; ++t)
          truth[a][t][newest(tx.db, account).value] = objects(tx.db, types[t], account);
      }
    }
    for (size_t a = 0; a < 2; ++a) {
      for (size_t t = 0; t < 3; ++t) {
        ASSERT_GT(truth[a][t].size(), 50u);
        for (const auto& [modseq, known] : truth[a][t]) {
          if (random() % 5 != 0) continue;
          for (size_t piece : {1, 3, 50, 1000})
            Follower(types[t], behind(ModSeq{modseq}), known, piece)
                .follow(tx.db, a == 0 ? kMe : kOther, truth[a][t]);
        }
      }
    }
  });
}

}  // namespace
}  // namespace pabal::store

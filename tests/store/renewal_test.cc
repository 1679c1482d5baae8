// A store that was put back to an earlier state gives nothing again that clients
// may have seen: no UIDVALIDITY with the same UIDs, no MODSEQ, no MAILBOXID.
#include "store/renewal.h"

#include <sys/stat.h>

#include "store/backup.h"
#include "store/changes.h"
#include "store/uid_validity.h"
#include "tools_world.h"

namespace pabal::store {
namespace {

constexpr AccountId kMe{1};

// All that clients know mails by.
struct Numbers {
  std::map<std::string, Mailbox> mailboxes;  // of account 1, by name
  int64_t highest = 0;                       // UIDVALIDITY
};
Numbers numbers_of(Store& store) {
  Numbers out;
  store.execute_now([&out](Transaction& tx) {
    for (const Mailbox& mailbox : list_mailboxes(tx.db, kMe)) {
      out.mailboxes[mailbox.name] = mailbox;
      out.highest = std::max(out.highest, mailbox.uid_validity.value);
    }
  });
  return out;
}

void expect_above(const Numbers& before, const Numbers& after) {
  for (const auto& [name, mailbox] : after.mailboxes) {
    EXPECT_LE(mailbox.uid_validity.value, kUidValidityMax) << name;
    for (const auto& [_, old] : before.mailboxes) EXPECT_GT(mailbox.modseq.value, old.modseq.value) << name;
  }
}

std::vector<int64_t> uids_of(Store& store, MailboxId mailbox) {
  std::vector<int64_t> uids;
  store.execute_now([&](Transaction& tx) {
    for (const Mail& mail : list_mails(tx.db, mailbox)) uids.push_back(mail.uid.value);
  });
  return uids;
}

// Every mail has a UID above all that was given, and who comes back is told that all below are gone.
void expect_continued(const Numbers& before, const Numbers& after, Store& store) {
  expect_above(before, after);
  for (const auto& [name, mailbox] : after.mailboxes) {
    auto old_one = before.mailboxes.find(name);
    if (old_one == before.mailboxes.end()) continue;
    const Mailbox& old = old_one->second;
    EXPECT_EQ(mailbox.uid_validity, old.uid_validity) << name;
    EXPECT_GT(mailbox.uid_next.value, old.uid_next.value) << name;
    for (int64_t uid : uids_of(store, mailbox.id)) EXPECT_GE(uid, old.uid_next.value) << name;
    store.execute_now([&](Transaction& tx) {
      UidRanges gone = expunged_since(tx.db, kMe, mailbox.id, old.modseq);
      ASSERT_FALSE(gone.empty()) << name;
      EXPECT_EQ(gone[0].first.value, 1) << name;
      EXPECT_GE(gone[0].last.value, old.uid_next.value - 1) << name;
      for (const UidRange& range : gone) EXPECT_TRUE(list_mails(tx.db, mailbox.id, {range}).empty()) << name;
    });
  }
}

void expect_renewed(const Numbers& before, const Numbers& after) {
  expect_above(before, after);
  for (const auto& [name, mailbox] : after.mailboxes)
    EXPECT_GT(mailbox.uid_validity.value, before.highest) << name;
}

// A client that knew the flags before the loss asks for what has changed since.
void expect_all_flags_told(Store& store, const Numbers& before) {
  store.execute_now([&before](Transaction& tx) {
    Statement select = tx.db.prepare("SELECT coalesce(min(modseq), 0) FROM mail");
    ASSERT_TRUE(select.step());
    for (const auto& [_, old] : before.mailboxes) EXPECT_GT(select.number(0), old.modseq.value);
  });
}

class RenewalTest : public ToolsTest {
 protected:
  std::unique_ptr<Store> open(const std::string& directory = kData) {
    StoreOptions at = options();
    at.directory = directory;
    return Store::open(world_, at);
  }
  Numbers look(const std::string& directory = kData) {
    std::unique_ptr<Store> store = open(directory);
    Numbers found = numbers_of(*store);
    close(*store);
    return found;
  }
  void close(Store& store) {
    auto end = [](Store& s) -> rt::Task<void> { co_await s.close(); };
    sim_.run(end(store));
  }
  // Mail, flags and mailboxes that a backup made before does not have.
  Numbers go_on() {
    std::unique_ptr<Store> store = open();
    auto scenario = [this](Store& s) -> rt::Task<void> { co_await deliver_many(s, 100, 140); };
    sim_.run(scenario(*store));
    store->execute_now([](Transaction& tx) {
      for (int i = 0; i < 50; ++i) {
        (void)create_mailbox(tx, kMe, "later " + std::to_string(i), "");
        (void)rename_mailbox(tx, kMe, "later " + std::to_string(i), "moved " + std::to_string(i));
      }
    });
    Numbers last = numbers_of(*store);
    close(*store);
    return last;
  }
};

TEST_F(RenewalTest, OfARestoredBackup) {
  fill();
  backup_store(world_, kData, "/backup", kSilent);
  Numbers before = go_on();
  restore_store(world_, "/backup", "/restored", kSilent);
  Numbers after = look("/restored");
  EXPECT_EQ(after.mailboxes.size(), 6u);
  std::unique_ptr<Store> restored = open("/restored");
  expect_continued(before, after, *restored);
  expect_all_flags_told(*restored, before);
  close(*restored);
  restored.reset();

  // Once: the next start finds nothing to do.
  Numbers later = look("/restored");
  EXPECT_EQ(later.mailboxes["INBOX"].uid_next, after.mailboxes["INBOX"].uid_next);
  // The same backup a second time is not what it was the first time.
  auto wait = []() -> rt::Task<void> { co_await rt::sleep_for(std::chrono::minutes(1)); };
  sim_.run(wait());
  restore_store(world_, "/backup", "/again", kSilent);
  expect_renewed(after, look("/again"));
  // The next backup is another one.
  backup_store(world_, kData, "/backup", kSilent);
  EXPECT_FALSE(world_.disk.exists(restored_mark("/backup", 1)));
  EXPECT_EQ(restore_store(world_, "/backup", "/third", kSilent).renewal, Renewal::go_on);
}

TEST_F(RenewalTest, OfABackupThatCannotBeMarked) {
  fill();
  backup_store(world_, kData, "/backup", kSilent);
  Numbers before = go_on();
  std::string mark = restored_mark("/backup", 1);
  int anew = 0;
  for (uint64_t n = 0;; ++n) {
    std::string to = "/restored" + std::to_string(n);
    sim_.faults().fail_at(n);
    try {
      RestoreResult made = restore_store(world_, "/backup", to, kSilent);
      if (made.renewal == Renewal::begin_anew) ++anew, expect_renewed(before, look(to));
    } catch (const StoreError&) {
    }
    bool fired = sim_.faults().fired();
    sim_.faults().clear();
    if (world_.disk.exists(mark)) world_.disk.remove(mark);
    if (!fired) break;
  }
  EXPECT_GE(anew, 2);
}

// As when a backup lies in two places: neither knows of what the other gave.
TEST_F(RenewalTest, CopiesOfOneBackupGiveOtherUids) {
  fill();
  // What a restore makes of UIDs is not what keeps the next two apart.
  backup_store(world_, kData, "/older", kSilent);
  restore_store(world_, "/older", kData + std::string("2"), kSilent);
  look(kData + std::string("2"));
  backup_store(world_, kData + std::string("2"), "/backup", kSilent);
  const std::string mark = restored_mark("/backup", 1);
  std::vector<Numbers> found;
  for (const char* to : {"/first", "/second", "/third"}) {
    ASSERT_EQ(restore_store(world_, "/backup", to, kSilent).renewal, Renewal::go_on);
    world_.disk.remove(mark);  // it is another copy
    found.push_back(look(to));
    auto wait = []() -> rt::Task<void> { co_await rt::sleep_for(std::chrono::minutes(1)); };
    sim_.run(wait());
  }
  for (size_t i = 1; i < found.size(); ++i) {
    const Mailbox &before = found[i - 1].mailboxes["INBOX"], &after = found[i].mailboxes["INBOX"];
    EXPECT_EQ(after.uid_validity, before.uid_validity);
    EXPECT_GT(after.uid_next.value, before.uid_next.value + 10'000);
  }
}

TEST_F(RenewalTest, OfAnOldBackupOrOneOfTheFuture) {
  fill();
  backup_store(world_, kData, "/backup", kSilent);
  Numbers before = look();
  auto wait = []() -> rt::Task<void> { co_await rt::sleep_for(std::chrono::hours(24 * (kGoOnDaysMax + 1))); };
  sim_.run(wait());
  EXPECT_EQ(restore_store(world_, "/backup", "/restored", kSilent).renewal, Renewal::begin_anew);
  expect_renewed(before, look("/restored"));
}

// No UIDs are left above those that clients may have seen.
TEST_F(RenewalTest, WithoutRoomForUids) {
  fill();
  {
    std::unique_ptr<Store> store = open();
    store->execute_now([](Transaction& tx) {
      tx.db.prepare("UPDATE mailbox SET uidnext = 4000000000 WHERE name = 'INBOX' AND account = 1").run();
    });
    close(*store);
  }
  Numbers before = look();
  backup_store(world_, kData, "/backup", kSilent);
  restore_store(world_, "/backup", "/restored", kSilent);
  Numbers after = look("/restored");
  EXPECT_GT(after.mailboxes["INBOX"].uid_validity.value, before.highest);
  EXPECT_EQ(after.mailboxes["INBOX"].uid_next.value, 4'000'000'000);
}

TEST_F(RenewalTest, IdsOfLostMailboxesAreNotGivenAgain) {
  fill();
  backup_store(world_, kData, "/backup", kSilent);
  Numbers before = go_on();
  int64_t highest = 0;
  for (const auto& [name, mailbox] : before.mailboxes) highest = std::max(highest, mailbox.id.value);
  restore_store(world_, "/backup", "/restored", kSilent);
  std::unique_ptr<Store> store = open("/restored");
  store->execute_now(
      [highest](Transaction& tx) { EXPECT_GT(create_mailbox(tx, kMe, "new", "").value().value, highest); });
  close(*store);
}

TEST_F(RenewalTest, WhenItIsAskedForAndNotTakenBack) {
  fill();
  Numbers before = look();
  request_renewal(world_, kData);
  cancel_renewal(world_, kData);
  EXPECT_EQ(look().mailboxes["INBOX"].uid_validity, before.mailboxes["INBOX"].uid_validity);
  request_renewal(world_, kData);
  std::unique_ptr<Store> store = open();
  expect_renewed(before, numbers_of(*store));
  EXPECT_THROW(request_renewal(world_, kData), StoreError) << "a server is running";
  close(*store);
  EXPECT_THROW(request_renewal(world_, "/nowhere"), StoreError);
}

// Whatever operation fails: it is renewed or still to be renewed, and the store is as it was.
TEST_F(RenewalTest, SurvivesFailingOperations) {
  fill();
  Numbers before = look();
  request_renewal(world_, kData);
  int failures = 0;
  for (uint64_t n = 0;; ++n) {
    sim_.faults().fail_at(n);
    try {
      std::unique_ptr<Store> store = open();
      close(*store);
    } catch (const StoreError&) {
      ++failures;
    }
    bool fired = sim_.faults().fired();
    sim_.faults().clear();
    expect_renewed(before, look());
    if (!fired) break;
    request_renewal(world_, kData);
  }
  EXPECT_GT(failures, 3);
}

TEST_F(RenewalTest, AnAccountThatIsMadeAgainHasOtherMailboxes) {
  with_store([](Store& store) -> rt::Task<void> {
    Numbers before = numbers_of(store);
    store.execute_now([](Transaction& tx) {
      remove_account_data(tx, kMe, "user1@example.test");
      tx.db.prepare("DELETE FROM account WHERE id = 1").run();
      make_account(tx, 1);
    });
    for (const auto& [name, mailbox] : numbers_of(store).mailboxes)
      EXPECT_GT(mailbox.uid_validity.value, before.highest) << name;
    co_return;
  });
}

TEST_F(RealStore, IsRenewedWhenTheDatabaseIsACopy) {
  StoreOptions options;
  options.directory = directory_.path() + "/data";
  const std::string database = database_path(options.directory);
  auto look = [&] {
    std::unique_ptr<Store> store = Store::open(world_, options);
    store->execute_now([](Transaction& tx) { make_account(tx, 1); });
    Numbers found = numbers_of(*store);
    auto end = [](Store& s) -> rt::Task<void> { co_await s.close(); };
    loop_.run(end(*store));
    return found;
  };
  Numbers before = look();
  if (!world_.disk.made_at(database)) GTEST_SKIP() << "this file system does not tell when a file was made";
  EXPECT_EQ(look().mailboxes["INBOX"].uid_validity, before.mailboxes["INBOX"].uid_validity);

  std::filesystem::copy_file(database, database + ".copy");
  std::filesystem::rename(database + ".copy", database);
  Numbers after = look();
  expect_renewed(before, after);

  // A copy that goes on where the other has ended.
  std::filesystem::copy_file(database, database + ".copy");
  std::filesystem::rename(database + ".copy", database);
  cancel_renewal(world_, options.directory);
  EXPECT_EQ(look().mailboxes["INBOX"].uid_validity, after.mailboxes["INBOX"].uid_validity);
}

TEST_F(RealStore, IsItsOwnersAlone) {
  umask(0);
  StoreOptions options;
  options.directory = directory_.path() + "/data";
  std::unique_ptr<Store> store = Store::open(world_, options);
  store->execute_now([](Transaction& tx) { make_account(tx, 1); });
  umask(022);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(options.directory))
    EXPECT_EQ(world_.disk.permissions(entry.path()) & 0077, 0u) << entry.path();
  EXPECT_EQ(world_.disk.permissions(options.directory), 0700u);
  auto end = [](Store& s) -> rt::Task<void> { co_await s.close(); };
  loop_.run(end(*store));
}

TEST(UidValidity, RisesWithTheClockAndWithoutIt) {
  const Time now{1'800'000'000'000};
  EXPECT_EQ(next_uid_validity(0, now), 1'800'000'000);
  EXPECT_EQ(next_uid_validity(1'800'000'000, now), 1'800'000'001);
  EXPECT_EQ(next_uid_validity(1'900'000'000, now), 1'900'000'001);
}

TEST(UidValidity, HasThirtyTwoBitsWhateverTheClockSays) {
  const Time now{1'800'000'000'000}, far{5'000'000'000'000};
  EXPECT_EQ(next_uid_validity(0, far), 1);
  EXPECT_EQ(next_uid_validity(1'800'000'000, far), 1'800'000'001);
  EXPECT_EQ(next_uid_validity(kUidValidityMax, now), 1'800'000'000);
  EXPECT_EQ(next_uid_validity(kUidValidityMax + 700, now), 1'800'000'000);
  EXPECT_EQ(next_uid_validity(kUidValidityMax, far), 1);
  EXPECT_EQ(next_uid_validity(0, Time{-5000}), 1);
}

}  // namespace
}  // namespace pabal::store

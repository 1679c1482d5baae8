// Backup and restore: whole, consistent and incremental, while mail comes in
// and goes, and when any operation fails or the power goes.
#include "store/backup.h"

#include <thread>

#include "base/bytes.h"
#include "store/segments.h"
#include "tools_world.h"

namespace pabal::store {
namespace {

class BackupTest : public ToolsTest {
 protected:
  BackupResult backup() { return backup_store(world_, kData, "/backup", kSilent); }

  // Restores to a new place; every mail of the manifest is there and right.
  RestoreResult restore(const std::string& to) {
    RestoreResult result = restore_store(world_, "/backup", to, kSilent);
    EXPECT_TRUE(result.damaged.empty());
    EXPECT_TRUE(result.check.has_value());
    if (!result.check) return result;
    for (const Finding& finding : result.check->findings)
      ADD_FAILURE() << finding.where << ": " << finding.what;
    EXPECT_EQ(result.check->messages, result.manifest.messages);
    EXPECT_EQ(result.check->mails, result.manifest.mails);
    EXPECT_EQ(result.check->queue_entries, result.manifest.queue_entries);
    return result;
  }

  // What a restored store has: (message, hash of its bytes).
  void expect_mails(const std::string& directory, const std::vector<Known>& known) {
    StoreOptions at = options();
    at.directory = directory;
    std::unique_ptr<Store> store = Store::open(world_, at);
    auto scenario = [&known](Store& s) -> rt::Task<void> {
      for (const Known& mail : known) EXPECT_EQ(co_await s.message_bytes({mail.message}), mail.bytes);
      auto count = [](Database& db) {
        Statement select =
            db.prepare("SELECT (SELECT count(*) FROM mail) + (SELECT count(*) FROM queue_entry)");
        select.step();
        return static_cast<size_t>(select.number(0));
      };
      EXPECT_EQ(co_await test::read(s, count), known.size());
      // And it goes on taking mail.
      co_await deliver(s, text_of(20'000));
      co_await s.close();
    };
    sim_.run(scenario(*store));
  }
};

TEST_F(BackupTest, ComesBackWhole) {
  fill();
  BackupResult made = backup();
  EXPECT_EQ(made.manifest.generation, 1u);
  EXPECT_TRUE(made.damaged.empty());
  EXPECT_EQ(made.segments_copied, made.manifest.segments.size());
  EXPECT_GT(made.manifest.segments.size(), 1u);
  restore("/restored");
  expect_mails("/restored", known_);
}

TEST_F(BackupTest, TheSecondCopiesOnlyWhatIsNew) {
  fill();
  uint64_t first = backup().copied_octets;
  EXPECT_EQ(backup().copied_octets, 0u) << "nothing has changed";
  with_store([this](Store& store) -> rt::Task<void> { co_await deliver_many(store, 100, 107); });
  std::map<std::string, std::string> before = read_files(host_.disk(), "/backup/segments");
  BackupResult third = backup();
  EXPECT_EQ(third.manifest.generation, 3u);
  EXPECT_GT(third.copied_octets, 0u);
  EXPECT_LT(third.copied_octets, first / 2);
  EXPECT_LE(third.segments_copied, 2u);
  for (const auto& [name, bytes] : before) {
    std::string now = read("/backup/segments/" + name);
    EXPECT_TRUE(now.starts_with(bytes)) << name;
  }
  restore("/restored");
  expect_mails("/restored", known_);
  // One database, and no segment that nothing names.
  size_t databases = 0;
  for (const std::string& name : host_.disk().list("/backup")) databases += name.ends_with(".db");
  EXPECT_EQ(databases, 1u);
  EXPECT_EQ(host_.disk().list("/backup/segments").size(), third.manifest.segments.size());
}

TEST_F(BackupTest, SegmentsThatAreGoneGoFromTheBackup) {
  fill();
  backup();
  with_store([this](Store& store) -> rt::Task<void> {
    auto remove_all = [](Transaction& tx) {
      tx.db.execute(
          "DELETE FROM mail; DELETE FROM queue_entry; DELETE FROM message; UPDATE mailbox SET messages = 0, "
          "octets = 0, unseen = 0; "
          "UPDATE account SET used_octets = 0, used_messages = 0");
    };
    co_await test::write(store, remove_all);
    known_.clear();
    co_await deliver_many(store, 300, 320);
    co_await store.collect();
  });
  backup();
  restore("/restored");
  expect_mails("/restored", known_);
}

TEST_F(BackupTest, ASegmentThatGoesMeanwhileLeadsToANewSnapshot) {
  fill();
  std::unique_ptr<Store> store = Store::open(world_, options());
  bool removed = false;
  auto remove_all = [&](std::string_view doing, uint64_t, uint64_t) {
    if (doing != "copying segments" || std::exchange(removed, true)) return;
    store->execute_now([](Transaction& tx) {
      tx.db.execute(
          "DELETE FROM mail; DELETE FROM queue_entry; DELETE FROM message WHERE segment > 0; "
          "UPDATE mailbox SET unseen = 7 WHERE unseen > 0; "
          "INSERT INTO mail SELECT (SELECT inbox FROM account WHERE id = 1), row_number() OVER (), id, 1, 0, "
          "size_octets + length(prefix), 0, 0 FROM message;");
    });
    auto collect = [](Store& s) -> rt::Task<void> { EXPECT_GT(co_await s.collect(), 0u); };
    sim_.run(collect(*store));
  };
  BackupResult made = backup_store(world_, kData, "/backup", remove_all);
  EXPECT_TRUE(removed);
  EXPECT_TRUE(made.damaged.empty());
  EXPECT_TRUE(made.manifest.segments.empty());
  EXPECT_GT(made.manifest.messages, 0u);
}

TEST_F(BackupTest, AnotherSegmentOfThatNumberIsNotMistaken) {
  fill();
  backup();
  // A store that was made anew: the same numbers, other mails.
  for (const auto& [path, bytes] : read_files(host_.disk(), kData))
    host_.disk().remove(std::string(kData) + '/' + path);
  known_.clear();
  with_store([this](Store& store) -> rt::Task<void> { co_await deliver_many(store, 500, 560); });
  backup();
  restore("/restored");
  expect_mails("/restored", known_);
}

TEST_F(BackupTest, DamageInTheStoreIsSaidAndTheRestIsKept) {
  fill();
  host_.disk().flip_bit(segment_path(segments_directory(kData), 1), 5000);
  host_.disk().remove(segment_path(segments_directory(kData), 2));
  BackupResult made = backup();
  EXPECT_EQ(made.damaged.size(), 2u);
  RestoreResult restored = restore_store(world_, "/backup", "/restored", kSilent);
  ASSERT_TRUE(restored.check);
  EXPECT_EQ(restored.check->findings.size(), 2u);
}

TEST_F(BackupTest, WhatTheStoreLosesLaterStaysInTheBackup) {
  fill();
  backup();
  host_.disk().flip_bit(segment_path(segments_directory(kData), 1), 5000);
  host_.disk().remove(segment_path(segments_directory(kData), 2));
  BackupResult second = backup();
  EXPECT_EQ(second.damaged.size(), 1u);
  restore("/restored");
  expect_mails("/restored", known_);
  // And a damaged database does not take the place of a sound one.
  overwrite(database_, 5 * 4096, std::string(4096, '\0'));
  EXPECT_THROW(backup(), StoreError);
  restore("/restored-again");
  expect_mails("/restored-again", known_);
}

TEST_F(BackupTest, DamageInTheBackupIsFound) {
  fill();
  BackupResult made = backup();
  std::string segment = "/backup/" + made.manifest.segments[0].file;
  host_.disk().flip_bit(segment, 5000);
  RestoreResult restored = restore_store(world_, "/backup", "/restored", kSilent);
  EXPECT_EQ(restored.damaged, std::vector<std::string>{segment});
  EXPECT_EQ(restored.check->findings.size(), 1u);
  // The next backup that adds to this segment makes it anew.
  host_.disk().flip_bit("/backup/" + made.manifest.database_file, 100);
  EXPECT_THROW(restore_store(world_, "/backup", "/other", kSilent), StoreError);
  put("/backup/manifest.json", "{}");
  EXPECT_THROW(restore_store(world_, "/backup", "/another", kSilent), StoreError);
  EXPECT_THROW(backup(), StoreError);
}

TEST_F(BackupTest, RestoreWantsAnEmptyDirectory) {
  fill();
  backup();
  EXPECT_THROW(restore_store(world_, "/backup", kData, kSilent), StoreError);
  host_.disk().make_directory("/used");
  put("/used/file", "mine");
  EXPECT_THROW(restore_store(world_, "/backup", "/used", kSilent), StoreError);
  EXPECT_EQ(read("/used/file"), "mine");
  EXPECT_THROW(restore_store(world_, "/nowhere", "/new", kSilent), StoreError);
  EXPECT_THROW(backup_store(world_, kData, "/used", kSilent), StoreError);
  EXPECT_THROW(backup_store(world_, "/nowhere", "/new-backup", kSilent), StoreError);
  host_.disk().make_directory("/empty");
  restore("/empty");
}

// Every operation of a second backup fails once; at every other one the power
// goes. The first backup or the second is there afterwards, whole.
class BackupFaultsTest : public testing::Test {
 protected:
  struct Run : BackupTest {
    void TestBody() override {}
    using BackupTest::backup;
    using BackupTest::expect_mails;
    using BackupTest::restore;
    using ToolsTest::fill;
    void prepare() {
      with_store([this](Store& store) -> rt::Task<void> { co_await deliver_many(store, 0, 5); });
      backup();
      first_ = known_;
      with_store([this](Store& store) -> rt::Task<void> { co_await deliver_many(store, 20, 24); });
      host_.disk().sync_all();
    }
    // False: the fault did not come any more.
    bool fails(uint64_t n, bool power) {
      prepare();
      if (power) {
        sim_.faults().happen_at(n, [this] { host_.power_off(); });
      } else {
        sim_.faults().fail_at(n);
      }
      bool done = false;
      try {
        backup();
        done = true;
      } catch (const StoreError&) {
        // As it should.
      }
      bool fired = sim_.faults().fired();
      SCOPED_TRACE("operation " + std::to_string(n) + ": " + sim_.faults().fired_operation());
      sim_.faults().clear();
      if (power) {
        host_.power_off();
        host_.power_on();
      }
      RestoreResult restored = restore("/restored");
      if (done) EXPECT_EQ(restored.manifest.generation, 2u);
      expect_mails("/restored", restored.manifest.generation == 1 ? first_ : known_);
      // And the next one is right whatever was left.
      EXPECT_NO_THROW(backup());
      if (n % 5 == 0) {
        restore("/restored-again");
        expect_mails("/restored-again", known_);
      }
      return fired;
    }
    std::vector<Known> first_;
  };
};

TEST_F(BackupFaultsTest, EveryOperationMayFailOnce) {
  uint64_t n = 0;
  for (; !HasFailure(); ++n) {
    if (!Run().fails(n, false)) break;
  }
  RecordProperty("operations", std::to_string(n));
  EXPECT_GT(n, 30u);
}

TEST_F(BackupFaultsTest, PowerMayGoAtEveryOperation) {
  uint64_t n = 0;
  for (; !HasFailure(); n += 2) {
    if (!Run().fails(n, true)) break;
  }
  RecordProperty("operations", std::to_string(n));
  EXPECT_GT(n, 30u);
}

TEST_F(BackupTest, AnInterruptedRestoreIsBegunAnew) {
  fill();
  backup();
  for (uint64_t n = 0; !HasFailure(); n += 3) {
    std::string to = "/restored" + std::to_string(n);
    sim_.faults().fail_at(n);
    bool failed = false;
    try {
      restore_store(world_, "/backup", to, kSilent);
    } catch (const StoreError&) {
      failed = true;
    }
    bool fired = sim_.faults().fired();
    SCOPED_TRACE(sim_.faults().fired_operation());
    sim_.faults().clear();
    if (!fired) break;
    if (!failed) continue;  // it came after the store was whole
    if (world_.disk.exists(database_path(to))) {
      EXPECT_TRUE(check_store(world_, to, {}, kSilent).findings.empty());
      continue;
    }
    StoreOptions at = options();
    at.directory = to;
    if (world_.disk.exists(restoring_path(to))) EXPECT_THROW(Store::open(world_, at), StoreError);
    restore(to);
    if (n % 30 == 0) expect_mails(to, known_);
  }
}

// Real files and threads: mail arrives all the time.
rt::Task<void> deliver_until(Store& store, std::atomic<bool>& stop, std::atomic<int>& delivered) {
  for (int i = 0; !stop && i < 20'000; ++i) {
    co_await deliver(store, unique_text(i, i % 3 == 0 ? 9000 : 500));
    ++delivered;
  }
}

TEST_F(RealStore, IsBackedUpWhileMailArrives) {
  const std::string target = directory_.path() + "/backup";
  std::atomic<bool> stop = false;
  std::atomic<int> delivered = 0;
  std::vector<std::pair<int, BackupResult>> backups;
  with_store([&](Store& store) -> rt::Task<void> {
    std::thread other([&] {
      for (int i = 0; i < 4; ++i) {
        int before = delivered;
        backups.emplace_back(before, backup_store(world_, options().directory, target, kSilent));
        // Some more comes before the next.
        while (delivered < before + 50) std::this_thread::yield();
      }
      stop = true;
    });
    co_await deliver_until(store, stop, delivered);
    other.join();
  });
  for (const auto& [before, made] : backups) {
    EXPECT_GE(made.manifest.messages, static_cast<uint64_t>(before));
    EXPECT_TRUE(made.damaged.empty());
  }
  RestoreResult restored = restore_store(world_, target, directory_.path() + "/restored", kSilent);
  EXPECT_TRUE(restored.damaged.empty());
  EXPECT_TRUE(restored.check->findings.empty());
  EXPECT_EQ(restored.check->messages, backups.back().second.manifest.messages);
}

}  // namespace
}  // namespace pabal::store

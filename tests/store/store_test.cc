#include "store/store.h"

#include <fstream>
#include <sys/stat.h>
#include <thread>

#include "store/schema.h"
#include "store/segment_record.h"
#include "store/segments.h"
#include "store_world.h"

namespace pabal::store {
namespace {

rt::Task<void> deliver_and_read(Store& store, size_t octets) {
  std::string bytes = text_of(octets);
  MessageId id = co_await deliver(store, bytes);
  EXPECT_EQ(co_await store.message_bytes(id), bytes);
  std::vector<Mail> mails = co_await mails_in(store);
  EXPECT_EQ(mails.back().message, id);
  EXPECT_EQ(mails.back().uid.value, static_cast<int64_t>(mails.size()));
  EXPECT_EQ(mails.back().modseq.value, static_cast<int64_t>(mails.size() + 1));
}

TEST_F(RealStore, GivesBackWhatWasDelivered) {
  with_store([](Store& store) -> rt::Task<void> {
    for (size_t octets : {100u, 4096u, 4097u, 20'480u, 300'000u, 1'500'000u})
      co_await deliver_and_read(store, octets);
    EXPECT_EQ(store.counters().blob_syncs, 4u);
  });
}

rt::Task<void> read_after_reopen(Store& store) {
  std::vector<Mail> mails = co_await mails_in(store);
  EXPECT_EQ(mails.size(), 40u);
  for (const Mail& mail : mails) {
    size_t octets = mail.uid.value % 2 == 0 ? 200 : 20'000;
    EXPECT_EQ(co_await store.message_bytes(mail.message), text_of(octets));
  }
}

rt::Task<void> deliver_forty(Store& store) {
  for (int i = 1; i <= 40; ++i) co_await deliver(store, text_of(i % 2 == 0 ? 200 : 20'000));
}

TEST_F(RealStore, KeepsEverythingOverARestart) {
  with_store(deliver_forty);
  with_store(read_after_reopen);
}

// On a full disk the index could not grow, and its WAL could not be opened again.
TEST_F(RealStore, HasRoomForTheIndexOfALongWal) {
  std::unique_ptr<Store> store = Store::open(world_, options());
  struct stat found{};
  EXPECT_EQ(stat((options().directory + "/pabal.db-shm").c_str(), &found), 0);
  EXPECT_GE(found.st_blocks * 512, 256 << 10);
  loop_.run(store->close());
}

// Without close and destructor: as if the process had been killed.
TEST_F(RealStore, KeepsEverythingWhenTheProcessIsKilled) {
#if __has_feature(thread_sanitizer)
  GTEST_SKIP() << "ThreadSanitizer allows no threads after a fork";
#endif
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    // A process of its own needs threads and loops of its own.
    os::RealWorld real({.log = {.path = "/dev/null"}});
    io::World world = real.world();
    os::EpollPoller poller;
    rt::Loop loop(poller);
    std::unique_ptr<Store> store = Store::open(world, options());
    store->execute_now([](Transaction& tx) { make_account(tx); });
    loop.run(deliver_forty(*store));
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  with_store(read_after_reopen);
}

rt::Task<void> deliver_one(Store& store, std::string bytes, size_t& failures) {
  try {
    co_await deliver(store, std::move(bytes));
  } catch (const StoreError&) {
    ++failures;
  }
}

TEST_F(RealStore, ManyThatWaitShareCommits) {
  with_store([](Store& store) -> rt::Task<void> {
    rt::TaskGroup group;
    size_t failures = 0;
    for (int i = 0; i < 200; ++i) group.spawn(deliver_one(store, text_of(8000), failures));
    co_await group.join();
    EXPECT_EQ(failures, 0u);
    EXPECT_EQ(store.counters().units, 200u);
    // The first goes alone, or with those that came before the thread awoke.
    EXPECT_LE(store.counters().commits, 10u);
    EXPECT_EQ((co_await mails_in(store)).size(), 200u);
  });
}

rt::Task<void> failing_unit(Store& store, size_t& own_exceptions) {
  NewBlobs fresh;
  auto work = [](Transaction& tx, const NewBlobs&) {
    tx.db.prepare("INSERT INTO alias (address, target) VALUES ('a@example.test', 'b@example.test')").run();
    throw std::invalid_argument("not this one");
  };
  try {
    co_await test::commit(store, std::move(fresh), work);
  } catch (const std::invalid_argument&) {
    ++own_exceptions;
  }
}

TEST_F(RealStore, AUnitThatThrowsIsUndoneAlone) {
  with_store([](Store& store) -> rt::Task<void> {
    rt::TaskGroup group;
    size_t failures = 0, own_exceptions = 0;
    for (int i = 0; i < 20; ++i) {
      group.spawn(deliver_one(store, text_of(500), failures));
      group.spawn(failing_unit(store, own_exceptions));
    }
    co_await group.join();
    EXPECT_EQ(failures, 0u);
    EXPECT_EQ(own_exceptions, 20u);
    EXPECT_EQ((co_await mails_in(store)).size(), 20u);
    auto count = [](Database& db) {
      Statement select = db.prepare("SELECT count(*) FROM alias");
      select.step();
      return select.number(0);
    };
    EXPECT_EQ(co_await test::read(store, count), 0);
    EXPECT_EQ(store.counters().failed_units, 20u);
  });
}

TEST_F(RealStore, ManyLoopsCommitAndReadAtOnce) {
  std::unique_ptr<Store> store = Store::open(world_, options());
  store->execute_now([](Transaction& tx) { make_account(tx); });
  auto work = [&store] {
    os::EpollPoller poller;
    rt::Loop loop(poller);
    auto all = [](Store& s) -> rt::Task<void> {
      for (int i = 0; i < 30; ++i) {
        std::string bytes = text_of(i % 3 == 0 ? 30'000 : 300, static_cast<char>('a' + i % 26));
        MessageId id = co_await deliver(s, bytes);
        EXPECT_EQ(co_await s.message_bytes(id), bytes);
      }
    };
    loop.run(all(*store));
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  auto check = [](Store& s) -> rt::Task<void> {
    std::vector<Mail> mails = co_await mails_in(s);
    EXPECT_EQ(mails.size(), 120u);
    for (size_t i = 0; i < mails.size(); ++i) {
      EXPECT_EQ(mails[i].uid.value, static_cast<int64_t>(i + 1));
      EXPECT_EQ(mails[i].modseq.value, static_cast<int64_t>(i + 2));  // 1: the account itself
    }
    co_await s.close();
  };
  loop_.run(check(*store));
}

TEST_F(RealStore, ASecondServerOnTheDirectoryIsRefused) {
  std::unique_ptr<Store> first = Store::open(world_, options());
  try {
    Store::open(world_, options());
    FAIL() << "opened twice";
  } catch (const StoreError& e) {
    EXPECT_TRUE(std::string_view(e.what()).starts_with("another pabal is running on ")) << e.what();
  }
}

TEST_F(RealStore, ASecondProcessMayLookAndWriteBesideTheServer) {
  EXPECT_THROW(Store::open_beside(world_, options()), StoreError);
  with_store([this](Store& store) -> rt::Task<void> {
    MessageId id = co_await deliver(store, text_of(20'000));
    std::unique_ptr<Store> beside = Store::open_beside(world_, options());
    EXPECT_EQ(co_await beside->message_bytes(id), text_of(20'000));
    beside->execute_now([](Transaction& tx) { make_account(tx, 2); });
    co_await deliver(store, text_of(100), 2);
    EXPECT_EQ((co_await mails_in(*beside, 2)).size(), 1u);
  });
}

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST_F(RealStore, ANewerSchemaIsRefusedUntouched) {
  with_store([](Store& store) -> rt::Task<void> {
    co_await deliver(store, text_of(100));
    auto newer = [](Transaction& tx) {
      tx.db.prepare("UPDATE meta SET value = '99' WHERE key = 'schema_version'").run();
    };
    co_await test::write(store, newer);
  });
  std::string before = slurp(options().directory + "/pabal.db");
  for (bool beside : {false, true}) {
    try {
      beside ? Store::open_beside(world_, options()) : Store::open(world_, options());
      FAIL() << "opened";
    } catch (const StoreError& e) {
      EXPECT_NE(std::string_view(e.what()).find("schema version 99"), std::string_view::npos) << e.what();
    }
  }
  EXPECT_EQ(slurp(options().directory + "/pabal.db"), before);
}

TEST_F(RealStore, AFlippedBitIsNoticedAtReading) {
  MessageId large, small, other;
  with_store([&](Store& store) -> rt::Task<void> {
    large = co_await deliver(store, text_of(20'000));
    other = co_await deliver(store, text_of(20'000, 'y'));
    small = co_await deliver(store, text_of(500));
  });
  std::string path = segment_path(options().directory + "/segments", 1);
  {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(4096 + 64 + 10'000);
    file.put('z');
  }
  with_store([&](Store& store) -> rt::Task<void> {
    EXPECT_THROW(co_await store.message_bytes(large), StoreError);
    EXPECT_EQ(co_await store.message_bytes(other), text_of(20'000, 'y'));
    EXPECT_EQ(co_await store.message_bytes(small), text_of(500));
    // The damage did not make us write over what lies behind it.
    MessageId later = co_await deliver(store, text_of(20'000, 'w'));
    EXPECT_EQ(co_await store.message_bytes(other), text_of(20'000, 'y'));
    EXPECT_EQ(co_await store.message_bytes(later), text_of(20'000, 'w'));
    auto damage = [&](Transaction& tx) {
      tx.db.prepare("UPDATE message SET bytes = ? WHERE id = ?")
          .bind_blob(text_of(500, 'q'))
          .bind(small.value)
          .run();
    };
    co_await test::write(store, damage);
    EXPECT_THROW(co_await store.message_bytes(small), StoreError);
  });
}

TEST_F(RealStore, SegmentsAreReadWithoutTheDatabase) {
  with_store([](Store& store) -> rt::Task<void> {
    for (int i = 0; i < 40; ++i) co_await deliver(store, text_of(20'000, static_cast<char>('a' + i % 26)));
  });
  std::string directory = options().directory + "/segments";
  size_t found = 0;
  for (int64_t number : list_segments(world_.disk, directory)) {
    SegmentScan scan = scan_segment(world_.disk, directory, number, [&](const FoundRecord& record) {
      EXPECT_EQ(record.bytes, text_of(20'000, static_cast<char>('a' + found % 26)));
      ++found;
    });
    EXPECT_EQ(scan.damaged_octets, 0u);
  }
  EXPECT_EQ(found, 40u);
}

TEST_F(RealStore, ATornTailIsWrittenOver) {
  with_store([](Store& store) -> rt::Task<void> { co_await deliver(store, text_of(20'000)); });
  std::string directory = options().directory + "/segments";
  {
    // A header without its bytes, at the next block.
    std::fstream file(segment_path(directory, 1), std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(round_up(4096 + record_octets(20'000), 4096)));
    file << record_header(1, 9000, sha256("gone")) << "half";
  }
  EXPECT_GT(scan_segment(world_.disk, directory, 1, [](const FoundRecord&) {}).damaged_octets, 0u);
  with_store([](Store& store) -> rt::Task<void> { co_await deliver(store, text_of(20'000)); });
  size_t found = 0;
  SegmentScan scan = scan_segment(world_.disk, directory, 1, [&](const FoundRecord& r) {
    EXPECT_EQ(r.bytes, text_of(20'000));
    ++found;
  });
  EXPECT_EQ(scan.damaged_octets, 0u);
  EXPECT_EQ(found, 2u);
}

TEST_F(RealStore, SegmentsWhoseMessagesAreGoneAreRemoved) {
  with_store([this](Store& store) -> rt::Task<void> {
    std::string directory = options().directory + "/segments";
    for (int i = 0; i < 60; ++i) co_await deliver(store, text_of(20'000));
    size_t segments = list_segments(world_.disk, directory).size();
    EXPECT_GE(segments, 5u);
    std::vector<Mail> mails = co_await mails_in(store);
    UidRanges uids;
    for (size_t i = 0; i + 1 < mails.size(); ++i) add_to(uids, mails[i].uid);
    auto remove = [&](Transaction& tx) { expunge(tx, AccountId{kAccount}, inbox_of(tx.db), uids); };
    co_await test::write(store, remove);
    EXPECT_EQ(co_await store.collect(), segments - 1);
    EXPECT_EQ(list_segments(world_.disk, directory).size(), 1u);
    EXPECT_EQ(co_await store.message_bytes(mails.back().message), text_of(20'000));
    EXPECT_THROW(co_await store.message_bytes(mails.front().message), StoreError);
    auto used = [](Database& db) { return *usage(db, AccountId{kAccount}); };
    Usage now = co_await test::read(store, used);
    EXPECT_EQ(now.messages, 1u);
    EXPECT_EQ(now.octets, mails.back().size_octets);
  });
}

TEST_F(RealStore, AMessageLivesAsLongAsSomethingRefersToIt) {
  with_store([](Store& store) -> rt::Task<void> {
    auto second_account = [](Transaction& tx) { make_account(tx, 2); };
    co_await test::write(store, second_account);
    MessageId id = co_await deliver(store, text_of(1000));
    auto second_mailbox = [&](Transaction& tx) {
      append(tx, AccountId{2}, inbox_of(tx.db, 2), *find_message(tx.db, id), kSeen);
    };
    co_await test::write(store, second_mailbox);
    auto expunge_from = [](int64_t account) {
      return [account](Transaction& tx) {
        expunge(tx, AccountId{account}, inbox_of(tx.db, account), {{{1}, {1}}, {{7}, {7}}});
      };
    };
    co_await test::write(store, expunge_from(1));
    EXPECT_EQ(co_await store.message_bytes(id), text_of(1000));
    co_await test::write(store, expunge_from(2));
    EXPECT_THROW(co_await store.message_bytes(id), StoreError);
  });
}

TEST_F(RealStore, IdsRiseAlsoOverARestart) {
  int64_t last = 0;
  for (int i = 0; i < 3; ++i) {
    with_store([&](Store& store) -> rt::Task<void> {
      for (int k = 0; k < 2000; ++k) {
        int64_t id = store.new_id();
        EXPECT_GT(id, last);
        last = id;
      }
      last = (co_await deliver(store, text_of(10))).value;
    });
  }
}

}  // namespace
}  // namespace pabal::store

// Reading many messages at once, and which proof of their bytes counts.
#include <fstream>

#include "store/hash.h"
#include "store/segments.h"
#include "store_world.h"

namespace pabal::store {
namespace {

constexpr std::string_view kPrefix = "Return-Path: <sender@example.test>\r\n";

rt::Task<std::vector<MessageId>> deliver_all(Store& store, std::vector<size_t> sizes) {
  std::vector<MessageId> ids;
  for (size_t octets : sizes) {
    std::string bytes = text_of(octets);
    ids.push_back(co_await deliver(store, bytes));
  }
  co_return ids;
}

TEST_F(RealStore, ManyMessagesAreReadAtOnce) {
  with_store([](Store& store) -> rt::Task<void> {
    std::vector<size_t> sizes{100, 4096, 4097, 65'536, 65'537, 200'000, 17, 1'200'000};
    std::vector<MessageId> ids = co_await deliver_all(store, sizes);
    std::vector<MessageBytes> read = co_await store.messages(ids, UINT64_MAX);
    EXPECT_EQ(read.size(), sizes.size());
    for (size_t i = 0; i < read.size(); ++i) {
      EXPECT_EQ(read[i].id, ids[i]);
      EXPECT_EQ(read[i].error, "");
      EXPECT_EQ(read[i].bytes, std::string(kPrefix) + text_of(sizes[i]));
    }
    std::vector<MessageBytes> none = co_await store.messages({}, 100);
    EXPECT_TRUE(none.empty());
  });
}

TEST_F(RealStore, OnlySoManyOctetsAreReadAtOnce) {
  with_store([](Store& store) -> rt::Task<void> {
    std::vector<MessageId> ids = co_await deliver_all(store, {10'000, 1000, 1000, 1000});
    uint64_t small = 1000 + kPrefix.size();
    EXPECT_EQ((co_await store.messages(ids, 5)).size(), 1u);  // one always
    EXPECT_EQ((co_await store.messages(ids, 10'000 + kPrefix.size() + 2 * small)).size(), 3u);
    std::vector<MessageId> rest(ids.begin() + 1, ids.end());
    EXPECT_EQ((co_await store.messages(rest, 3 * small - 1)).size(), 2u);
  });
}

TEST_F(RealStore, ADamagedMessageIsAnEntryAmongTheOthers) {
  std::vector<MessageId> ids;
  with_store([&](Store& store) -> rt::Task<void> {
    ids = co_await deliver_all(store, {20'000, 20'000, 500, 500, 80'000});
  });
  {
    std::fstream file(segment_path(options().directory + "/segments", 1),
                      std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(4096 + 64 + 10'000);
    file.put('z');
  }
  with_store([&](Store& store) -> rt::Task<void> {
    auto damage = [&](Transaction& tx) {
      tx.db.prepare("UPDATE message SET bytes = ? WHERE id = ?")
          .bind_blob(text_of(500, 'q'))
          .bind(ids[2].value)
          .run();
      expunge(tx, AccountId{kAccount}, inbox_of(tx.db), {{{4}, {4}}});
    };
    co_await test::write(store, damage);
    std::vector<MessageBytes> read = co_await store.messages(ids, UINT64_MAX);
    EXPECT_EQ(read.size(), 5u);
    for (size_t i = 0; i < read.size(); ++i) {
      EXPECT_EQ(read[i].error.empty(), i == 1 || i == 4) << i;
      EXPECT_EQ(read[i].bytes.empty(), !read[i].error.empty());
      EXPECT_EQ(read[i].gone, i == 3);
    }
    EXPECT_EQ(read[4].bytes, std::string(kPrefix) + text_of(80'000));
  });
}

// Rows of an older version have none; and of a damaged one the SHA-256 decides.
TEST_F(RealStore, WithoutAGoodChecksumTheHashDecides) {
  with_store([](Store& store) -> rt::Task<void> {
    std::vector<MessageId> ids = co_await deliver_all(store, {300, 9000});
    for (const char* sql :
         {"UPDATE message SET checksum = NULL", "UPDATE message SET checksum = coalesce(checksum, 0) + 1"}) {
      auto change = [sql](Transaction& tx) { tx.db.prepare(sql).run(); };
      co_await test::write(store, change);
      EXPECT_EQ(co_await store.message_bytes(ids[0]), text_of(300));
      EXPECT_EQ(co_await store.message_bytes(ids[1]), text_of(9000));
    }
    auto rot = [](Transaction& tx) {
      tx.db.prepare("UPDATE message SET bytes = ? WHERE segment < 0").bind_blob(text_of(300, 'q')).run();
    };
    co_await test::write(store, rot);
    EXPECT_THROW(co_await store.message_bytes(ids[0]), StoreError);
  });
}

TEST(Checksum, IsXxh3) {
  // From the tests of xxHash: XXH3_64bits of nothing.
  EXPECT_EQ(static_cast<uint64_t>(checksum("")), 0x2D06800538D394C2u);
  EXPECT_NE(checksum("a"), checksum("b"));
}

}  // namespace
}  // namespace pabal::store

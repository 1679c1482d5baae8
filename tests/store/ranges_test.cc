// Reading ranges of messages: what comes back is what the whole message has there, and
// what is read for it, and compared, is not much more.
#include <fstream>
#include <random>

#include "store/deliveries.h"
#include "store/hash.h"
#include "store/segment_record.h"
#include "store/segments.h"
#include "store_world.h"

namespace pabal::store {
namespace {

constexpr std::string_view kPrefix = "Return-Path: <sender@example.test>\r\n";
constexpr uint64_t kBlock = kChecksumBlockOctets;

// No two blocks of it are alike.
std::string random_text(size_t octets) {
  std::mt19937 random(static_cast<unsigned>(octets));
  std::string out;
  while (out.size() < octets) out += static_cast<char>('a' + random() % 26);
  return out;
}

rt::Task<MessageBytes> read_range(Store& store, MessageId id, ByteRange range, AccountId owner = {}) {
  std::vector<MessageRange> wanted{{id, range}};
  std::vector<MessageBytes> read = co_await store.read(std::move(wanted), owner);
  verify(read.size() == 1, "one was asked for");
  co_return std::move(read[0]);
}

std::string piece_of(const std::string& whole, ByteRange range) {
  return range.begin > whole.size() ? "" : whole.substr(range.begin, range.octets);
}

rt::Task<void> expect_range(Store& store, MessageId id, const std::string& whole, ByteRange range,
                            AccountId owner = {}) {
  SCOPED_TRACE(std::to_string(whole.size()) + ": " + std::to_string(range.begin) + '+' +
               std::to_string(range.octets));
  MessageBytes read = co_await read_range(store, id, range, owner);
  EXPECT_EQ(read.error, "");
  EXPECT_EQ(read.size_octets, whole.size());
  EXPECT_TRUE(read.bytes == piece_of(whole, range));
}

rt::Task<void> expect_all_ranges(Store& store, MessageId id, const std::string& whole, AccountId owner = {}) {
  const uint64_t front = whole.size() % kBlock;
  for (uint64_t border : {uint64_t{0}, uint64_t{kPrefix.size()}, kPrefix.size() + kBlock,
                          kPrefix.size() + 2 * kBlock, front, uint64_t{whole.size()}}) {
    for (uint64_t begin : {border - std::min<uint64_t>(border, 1), border, border + 1}) {
      for (uint64_t octets : {uint64_t{0}, uint64_t{1}, uint64_t{2}, kBlock - 1, kBlock, kBlock + 1,
                              2 * kBlock + 1, UINT64_MAX - begin, UINT64_MAX})
        co_await expect_range(store, id, whole, {begin, octets}, owner);
    }
  }
  co_await expect_range(store, id, whole, {UINT64_MAX, UINT64_MAX}, owner);
  co_await expect_range(store, id, whole, {}, owner);
}

constexpr size_t kSizes[] = {1,
                             100,
                             4096,
                             4097,
                             kBlock - 1,
                             kBlock,
                             kBlock + 1,
                             2 * kBlock - 1,
                             2 * kBlock,
                             2 * kBlock + 1,
                             5 * kBlock + 17};

TEST_F(RealStore, AnyRangeIsWhatTheWholeHasThere) {
  with_store([](Store& store) -> rt::Task<void> {
    for (size_t octets : kSizes) {
      MessageId id = co_await deliver(store, random_text(octets));
      co_await expect_all_ranges(store, id, std::string(kPrefix) + random_text(octets));
    }
  });
}

// Beside the range, as much as the blocks that it touches.
TEST_F(RealStore, ARangeOfALargeMessageReadsLittle) {
  auto octets_read = [] {
    std::ifstream io("/proc/self/io");
    std::string name;
    uint64_t octets = 0;
    io >> name >> octets;
    return octets;
  };
  with_store([&](Store& store) -> rt::Task<void> {
    MessageId id = co_await deliver(store, random_text(30 << 20));
    (void)co_await read_range(store, id, {0, 1});
    const uint64_t before = octets_read();
    MessageBytes read = co_await read_range(store, id, {20 << 20, 1000});
    EXPECT_EQ(read.bytes.size(), 1000u);
    EXPECT_LT(octets_read() - before, 4 * kBlock);
  });
}

TEST_F(RealStore, RangesCountWhatTheOwnerHasInFront) {
  with_store([](Store& store) -> rt::Task<void> {
    const std::string bytes = random_text(3 * kBlock), own = "Delivered-To: <user1@example.test>\r\n";
    MessageId id = co_await deliver(store, bytes);
    auto tell = [&](Transaction& tx) { tell_delivery(tx, id, AccountId{kAccount}, own); };
    co_await test::write(store, tell);
    co_await expect_all_ranges(store, id, own + std::string(kPrefix) + bytes, AccountId{kAccount});
    co_await expect_all_ranges(store, id, std::string(kPrefix) + bytes);
    EXPECT_TRUE((co_await read_range(store, id, {0, 1}, AccountId{kAccount})).own);
  });
}

TEST_F(RealStore, ADamagedBlockHurtsOnlyWhoReadsIt) {
  MessageId id;
  const std::string bytes = random_text(5 * kBlock), whole = std::string(kPrefix) + bytes;
  with_store([&](Store& store) -> rt::Task<void> { id = co_await deliver(store, bytes); });
  {
    std::fstream file(segment_path(options().directory + "/segments", 1),
                      std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(4096 + kHeaderOctets + 2 * kBlock + 100));
    file.put('Z');
  }
  with_store([&](Store& store) -> rt::Task<void> {
    const uint64_t front = kPrefix.size();
    for (ByteRange good : {ByteRange{0, 10}, ByteRange{0, front + 2 * kBlock},
                           ByteRange{front + 3 * kBlock, UINT64_MAX}, ByteRange{front + 4 * kBlock + 5, 1}})
      co_await expect_range(store, id, whole, good);
    for (ByteRange bad : {ByteRange{}, ByteRange{front + 2 * kBlock, 1}, ByteRange{front + 3 * kBlock - 1, 1},
                          ByteRange{front + 2 * kBlock - 1, 2}, ByteRange{0, 4 * kBlock}}) {
      MessageBytes read = co_await read_range(store, id, bad);
      EXPECT_NE(read.error, "") << bad.begin;
      EXPECT_EQ(read.bytes, "");
      EXPECT_FALSE(read.gone);
    }
  });
}

// Rows of an older version have one checksum for all; and where those of the blocks are
// damaged themselves, or too few, the SHA-256 decides.
TEST_F(RealStore, WithoutGoodBlocksTheWholeIsCompared) {
  with_store([](Store& store) -> rt::Task<void> {
    const std::string bytes = random_text(3 * kBlock + 1);
    const int64_t all = checksum(bytes);
    MessageId id = co_await deliver(store, bytes);
    std::string blocks = block_checksums(bytes);
    for (std::string damaged :
         {std::string(), std::string(blocks.size(), 'x'), blocks.substr(8), blocks + blocks}) {
      auto change = [&](Transaction& tx) {
        Statement update = tx.db.prepare("UPDATE message SET block_checksums = ?, checksum = ?");
        if (damaged.empty()) {
          update.bind(std::nullopt).bind(all).run();
        } else {
          update.bind_blob(damaged).bind(std::nullopt).run();
        }
      };
      co_await test::write(store, change);
      co_await expect_all_ranges(store, id, std::string(kPrefix) + bytes);
    }
  });
}

TEST_F(RealStore, WhatIsGoneOrHasNoSegmentIsAnEntryAmongTheOthers) {
  with_store([&](Store& store) -> rt::Task<void> {
    const std::string bytes = random_text(2 * kBlock);
    std::vector<MessageRange> wanted;
    for (int i = 0; i < 3; ++i) {
      MessageId id = co_await deliver(store, bytes);
      wanted.push_back({id, {100, 50}});
    }
    auto damage = [&](Transaction& tx) {
      expunge(tx, AccountId{kAccount}, inbox_of(tx.db), {{{1}, {1}}});
      tx.db.prepare("UPDATE message SET segment = 77 WHERE id = ?").bind(wanted[1].id.value).run();
    };
    co_await test::write(store, damage);
    std::vector<MessageBytes> read = co_await store.read(wanted);
    EXPECT_EQ(read.size(), 3u);
    EXPECT_TRUE(read[0].gone);
    EXPECT_FALSE(read[1].gone);
    EXPECT_NE(read[1].error, "");
    EXPECT_TRUE(read[2].bytes == piece_of(std::string(kPrefix) + bytes, {100, 50}));
    std::vector<MessageRange> none;
    EXPECT_TRUE((co_await store.read(none)).empty());
  });
}

TEST(BlockChecksums, AreThoseOfEachBlock) {
  EXPECT_EQ(block_checksums(random_text(kBlock)), "");
  const std::string bytes = random_text(2 * kBlock + 1), sums = block_checksums(bytes);
  ASSERT_EQ(sums.size(), 3 * 8u);
  const auto last = static_cast<uint64_t>(checksum(bytes.substr(2 * kBlock)));
  for (size_t i = 0; i < 8; ++i) EXPECT_EQ(static_cast<unsigned char>(sums[16 + i]), last >> (8 * i) & 0xFF);
  const BytesProof proof{.hash = "", .blocks = sums};
  EXPECT_TRUE(proof.has_blocks(bytes.size()));
  EXPECT_FALSE(proof.has_blocks(2 * kBlock));
  EXPECT_FALSE(proof.has_blocks(kBlock));
  EXPECT_FALSE(proof.has_blocks(UINT64_MAX));
  EXPECT_TRUE(proof.fits_blocks(1, std::string_view(bytes).substr(kBlock)));
  EXPECT_FALSE(proof.fits_blocks(0, std::string_view(bytes).substr(kBlock)));
  EXPECT_FALSE(proof.fits_blocks(3, "x"));
  EXPECT_FALSE(proof.fits_blocks(UINT64_MAX, "x"));
}

TEST(ByteRange, LiesWithin) {
  auto within = [](uint64_t begin, uint64_t octets, uint64_t from, uint64_t to) {
    const ByteRange range = ByteRange{begin, octets}.within(from, to);
    return std::pair(range.begin, range.octets);
  };
  EXPECT_EQ(within(5, 10, 0, 100), std::pair(uint64_t{5}, uint64_t{10}));
  EXPECT_EQ(within(5, 10, 8, 100), std::pair(uint64_t{8}, uint64_t{7}));
  EXPECT_EQ(within(5, 10, 0, 7), std::pair(uint64_t{5}, uint64_t{2}));
  EXPECT_EQ(within(5, UINT64_MAX, 6, 9), std::pair(uint64_t{6}, uint64_t{3}));
  EXPECT_EQ(within(5, 10, 20, 30).second, 0u);
  EXPECT_EQ(within(50, 10, 20, 30).second, 0u);
  EXPECT_EQ(within(UINT64_MAX, UINT64_MAX, 0, 30).second, 0u);
}

}  // namespace
}  // namespace pabal::store

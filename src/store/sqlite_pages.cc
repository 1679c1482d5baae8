#include "store/sqlite_pages.h"

#include <algorithm>
#include <array>
#include <utility>

#include "store/sqlite_octets.h"

namespace pabal::store {

namespace {

constexpr std::string_view kDatabaseMagic("SQLite format 3\0", 16);
constexpr size_t kDatabaseHeaderOctets = 100;
constexpr size_t kWalHeaderOctets = 32;
constexpr size_t kFrameHeaderOctets = 24;
constexpr uint32_t kWalMagic = 0x377F0682;  // the lowest bit: checksums read big-endian words
constexpr size_t kUsableOctetsMin = 480;
constexpr uint32_t kPagesMax = 0x7FFFFFFE;

bool is_page_size(uint32_t octets) {
  return octets >= 512 && octets <= 65536 && (octets & (octets - 1)) == 0;
}

using Checksum = std::array<uint32_t, 2>;

Checksum add_checksum(Checksum sum, std::string_view bytes, bool big_endian) {
  for (size_t i = 0; i + 8 <= bytes.size(); i += 8) {
    uint32_t a = big_endian ? get_u32(bytes, i) : get_u32_little(bytes, i);
    uint32_t b = big_endian ? get_u32(bytes, i + 4) : get_u32_little(bytes, i + 4);
    sum[0] += a + sum[1];
    sum[1] += b + sum[0];
  }
  return sum;
}

std::string read_exactly(const SqlitePages::Source& source, uint64_t offset, size_t octets) {
  if (offset > source.octets || source.octets - offset < octets) return {};
  std::string bytes(octets, '\0');
  if (source.read(offset, bytes) != octets) return {};
  return bytes;
}

}  // namespace

SqlitePages::SqlitePages(Source database, Source wal) : database_(std::move(database)), wal_(std::move(wal)) {
  read_header();
  count_ = static_cast<uint32_t>(std::min<uint64_t>(database_.octets / page_octets_, kPagesMax));
  index_wal();
}

void SqlitePages::read_header() {
  std::string header = read_exactly(database_, 0, kDatabaseHeaderOctets);
  if (header.starts_with(kDatabaseMagic)) {
    uint32_t octets = get_u16(header, 16) == 1 ? 65536 : get_u16(header, 16);
    size_t reserved = static_cast<unsigned char>(header[20]);
    if (is_page_size(octets) && octets - reserved >= kUsableOctetsMin) {
      page_octets_ = octets;
      usable_octets_ = octets - reserved;
      return;
    }
  }
  // Without a header: what the log says, else what SQLite does by itself.
  std::string wal_header = read_exactly(wal_, 0, kWalHeaderOctets);
  if (!wal_header.empty() && is_page_size(get_u32(wal_header, 8)))
    page_octets_ = usable_octets_ = get_u32(wal_header, 8);
}

void SqlitePages::index_wal() {
  std::string header = read_exactly(wal_, 0, kWalHeaderOctets);
  if (header.empty() || (get_u32(header, 0) & ~1u) != kWalMagic || get_u32(header, 8) != page_octets_) return;
  const bool big_endian = (get_u32(header, 0) & 1) != 0;
  const std::string salts = header.substr(16, 8);
  Checksum before{get_u32(header, 24), get_u32(header, 28)};

  const uint64_t frame_octets = kFrameHeaderOctets + page_octets_;
  const uint64_t frames = (wal_.octets - kWalHeaderOctets) / frame_octets;
  // A page behind the end of the database is in the log itself.
  const uint64_t page_max = std::min<uint64_t>(count_ + frames, kPagesMax);
  std::unordered_map<uint32_t, uint64_t> uncommitted;
  uint64_t waiting = 0, damaged = 0;
  uint64_t last_damaged = 0, last_commit = 0;  // counted from 1
  bool ours = true;                            // the frame before
  for (uint64_t i = 0; i < frames; ++i) {
    uint64_t at = kWalHeaderOctets + i * frame_octets;
    std::string frame = read_exactly(wal_, at, static_cast<size_t>(frame_octets));
    if (frame.empty()) {
      ++damaged;
      continue;
    }
    Checksum stated{get_u32(frame, 16), get_u32(frame, 20)};
    Checksum sum = add_checksum(before, std::string_view(frame).substr(0, 8), big_endian);
    sum = add_checksum(sum, std::string_view(frame).substr(kFrameHeaderOctets), big_endian);
    before = stated;
    // Other salts: of an earlier use of the log. The checksum does not cover
    // them, so where it goes on from a frame of ours they alone are damaged.
    bool salted = std::string_view(frame).substr(8, 8) == salts;
    uint32_t page = get_u32(frame, 0);
    ours = (salted || ours) && sum == stated && page > 0 && page <= page_max;
    if (!ours) {
      if (salted) last_damaged = i + 1;
      ++damaged;
      continue;
    }
    uncommitted[page] = at + kFrameHeaderOctets;
    ++waiting;
    uint32_t pages_after_commit = get_u32(frame, 4);
    if (pages_after_commit == 0) continue;
    for (auto [number, offset] : uncommitted) {
      in_wal_[number] = offset;
      count_ = std::max(count_, number);
    }
    uncommitted.clear();
    last_commit = i + 1;
    committed_frames_ += std::exchange(waiting, 0);
    damaged_frames_ += std::exchange(damaged, 0);
  }
  // One that may have been the last commit.
  if (last_damaged > last_commit) ++damaged_frames_;
}

std::string SqlitePages::read(uint32_t number) const {
  if (number == 0 || number > count_) return {};
  if (auto found = in_wal_.find(number); found != in_wal_.end())
    return read_exactly(wal_, found->second, page_octets_);
  return read_exactly(database_, uint64_t{number - 1} * page_octets_, page_octets_);
}

FreePages list_free_pages(const SqlitePages& pages) {
  FreePages found;
  std::string first = pages.read(1);
  if (!first.starts_with(kDatabaseMagic)) return {{}, false};
  const size_t entries_max = pages.usable_octets() / 4 - 2;
  std::vector<bool> seen(size_t{pages.count()} + 1);
  for (uint32_t trunk = get_u32(first, 32); trunk != 0;) {
    std::string page = pages.read(trunk);
    if (page.empty() || seen[trunk] || get_u32(page, 4) > entries_max) return found.whole = false, found;
    seen[trunk] = true;
    found.numbers.push_back(trunk);
    for (uint32_t i = 0; i < get_u32(page, 4); ++i) {
      uint32_t leaf = get_u32(page, 8 + 4 * size_t{i});
      if (leaf == 0 || leaf > pages.count() || seen[leaf]) return found.whole = false, found;
      seen[leaf] = true;
      found.numbers.push_back(leaf);
    }
    trunk = get_u32(page, 0);
  }
  found.whole = found.numbers.size() == get_u32(first, 36);
  return found;
}

}  // namespace pabal::store

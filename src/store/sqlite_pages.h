// The pages of an SQLite database, read without SQLite, for getting rows out of
// a file that SQLite refuses (https://www.sqlite.org/fileformat2.html). Nothing
// here trusts a byte: what does not fit is left out, never read past.
//
// Each page comes from the write-ahead log if a committed frame there is good,
// else from the database file. A frame is good if its salts and its checksum
// are right; the checksum is counted on from the frame before as that one states
// it, so one damaged frame costs its own page and not all that follow.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pabal::store {

class SqlitePages {
 public:
  // Octets read at the offset; fewer than asked at the end or where the disk
  // does not give them.
  using ReadAt = std::function<size_t(uint64_t offset, std::span<char> into)>;
  struct Source {
    ReadAt read;
    uint64_t octets = 0;  // 0: there is no such file
  };
  SqlitePages(Source database, Source wal);

  uint32_t count() const { return count_; }
  size_t page_octets() const { return page_octets_; }
  size_t usable_octets() const { return usable_octets_; }
  // Pages are numbered from 1. Empty if not the whole page can be read.
  std::string read(uint32_t number) const;

  // Of the write-ahead log.
  uint64_t committed_frames() const { return committed_frames_; }
  uint64_t damaged_frames() const { return damaged_frames_; }

 private:
  void read_header();
  void index_wal();

  Source database_, wal_;
  uint32_t count_ = 0;
  size_t page_octets_ = 4096;
  size_t usable_octets_ = 4096;
  uint64_t committed_frames_ = 0, damaged_frames_ = 0;
  std::unordered_map<uint32_t, uint64_t> in_wal_;  // page -> offset of its bytes
};

// A value of a record; `bytes` for text and blobs, within the payload.
struct SqliteValue {
  enum Kind { null, integer, real, bytes } kind = null;
  int64_t number = 0;
  std::string_view text;
  bool cut = false;  // the payload ends before it does
};

inline constexpr size_t kColumnsMax = 64;

// The values of a record; empty if `payload` is none.
std::vector<SqliteValue> decode_record(std::string_view payload);

inline constexpr uint64_t kPayloadOctetsMax = 256 << 20;

// One entry of a b-tree page.
struct SqliteCell {
  uint16_t index = 0;   // in its page
  int64_t rowid = 0;    // of tables
  uint32_t child = 0;   // page below; of interior pages
  std::string payload;  // of all but interior pages of tables
  bool whole = true;    // false: the payload goes on in pages that are lost
};

struct BtreePage {
  enum Kind { none, table_leaf, table_interior, index_leaf, index_interior } kind = none;
  std::vector<SqliteCell> cells;
  uint32_t right_child = 0;              // of interior pages
  std::vector<uint32_t> overflow_pages;  // that the cells' payloads go on in
  size_t bad_cells = 0;                  // that are left out of `cells`, or not whole
  bool interior() const { return kind == table_interior || kind == index_interior; }
};

// kind none: it cannot be read or is no page of a b-tree.
BtreePage parse_btree_page(const SqlitePages& pages, uint32_t number);

// The pages that hold nothing now. `whole`: the list could be read to its end.
struct FreePages {
  std::vector<uint32_t> numbers;
  bool whole = true;
};
FreePages list_free_pages(const SqlitePages& pages);

}  // namespace pabal::store

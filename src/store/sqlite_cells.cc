#include <algorithm>
#include <unordered_set>

#include "store/sqlite_octets.h"
#include "store/sqlite_pages.h"

namespace pabal::store {

namespace {

constexpr size_t kFirstPageHeaderOctets = 100;
// Of all cells of one page together, so that crossed chains of a damaged page
// cost no more than reading so much once.
constexpr size_t kOverflowPagesMax = kPayloadOctetsMax / 512;

BtreePage::Kind kind_of(uint32_t flags) {
  switch (flags) {
    case 0x02:
      return BtreePage::index_interior;
    case 0x05:
      return BtreePage::table_interior;
    case 0x0A:
      return BtreePage::index_leaf;
    case 0x0D:
      return BtreePage::table_leaf;
    default:
      return BtreePage::none;
  }
}

// How much of a payload stands in the page itself (file format, §1.6).
uint64_t local_octets(uint64_t payload, size_t usable, bool table) {
  uint64_t max = table ? usable - 35 : (usable - 12) * 64 / 255 - 23;
  if (payload <= max) return payload;
  uint64_t min = (usable - 12) * 32 / 255 - 23;
  uint64_t k = min + (payload - min) % (usable - 4);
  return k <= max ? k : min;
}

class Parser {
 public:
  Parser(const SqlitePages& pages, uint32_t number)
      : pages_(pages), start_(number == 1 ? kFirstPageHeaderOctets : 0), bytes_(pages.read(number)) {}

  BtreePage parse() {
    if (bytes_.size() < start_ + 12) return {};
    out_.kind = kind_of(get_u8(bytes_, start_));
    if (out_.kind == BtreePage::none) return {};
    const size_t header = start_ + (out_.interior() ? 12 : 8);
    const size_t cells = get_u16(bytes_, start_ + 3);
    if (header + 2 * cells > pages_.usable_octets()) return {};
    if (out_.interior()) out_.right_child = get_u32(bytes_, start_ + 8);
    for (size_t i = 0; i < cells; ++i) {
      size_t at = get_u16(bytes_, header + 2 * i);
      SqliteCell cell;
      cell.index = static_cast<uint16_t>(i);
      bool good = at >= header + 2 * cells && at < pages_.usable_octets() && parse_cell(at, cell);
      if (!good || !cell.whole) ++out_.bad_cells;
      if (good) out_.cells.push_back(std::move(cell));
    }
    return std::move(out_);
  }

 private:
  bool parse_cell(size_t at, SqliteCell& cell) {
    std::string_view page = std::string_view(bytes_).substr(0, pages_.usable_octets());
    if (out_.interior()) {
      if (page.size() - at < 4) return false;
      cell.child = get_u32(page, at);
      at += 4;
    }
    uint64_t octets = 0, rowid = 0;
    const bool table = out_.kind == BtreePage::table_leaf;
    if (out_.kind != BtreePage::table_interior && !get_varint(page, at, octets)) return false;
    if ((table || out_.kind == BtreePage::table_interior) && !get_varint(page, at, rowid)) return false;
    cell.rowid = static_cast<int64_t>(rowid);
    if (out_.kind == BtreePage::table_interior) return true;
    if (octets > kPayloadOctetsMax) return false;
    uint64_t local = local_octets(octets, page.size(), table);
    if (local > page.size() - at) return false;
    cell.payload = page.substr(at, static_cast<size_t>(local));
    if (local == octets) return true;
    at += static_cast<size_t>(local);
    if (page.size() - at < 4) return false;
    follow(get_u32(page, at), octets, cell);
    return true;
  }

  // The rest of a payload. A chain that comes back to itself ends there.
  void follow(uint32_t number, uint64_t octets, SqliteCell& cell) {
    const size_t per_page = pages_.usable_octets() - 4;
    std::unordered_set<uint32_t> chain;
    while (cell.payload.size() < octets) {
      std::string page = steps_ < kOverflowPagesMax ? pages_.read(number) : std::string();
      if (page.empty() || !chain.insert(number).second) {
        cell.whole = false;
        return;
      }
      ++steps_;
      out_.overflow_pages.push_back(number);
      size_t take = static_cast<size_t>(std::min<uint64_t>(per_page, octets - cell.payload.size()));
      cell.payload += std::string_view(page).substr(4, take);
      number = get_u32(page, 0);
    }
  }

  const SqlitePages& pages_;
  const size_t start_;
  const std::string bytes_;
  BtreePage out_;
  size_t steps_ = 0;
};

size_t octets_of(uint64_t type) {
  static constexpr size_t small[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};
  return type < 12 ? small[type] : static_cast<size_t>((type - 12) / 2);
}

int64_t get_signed(std::string_view bytes) {
  uint64_t value = !bytes.empty() && (get_u8(bytes, 0) & 0x80) != 0 ? UINT64_MAX : 0;
  for (size_t i = 0; i < bytes.size(); ++i) value = value << 8 | get_u8(bytes, i);
  return static_cast<int64_t>(value);
}

}  // namespace

BtreePage parse_btree_page(const SqlitePages& pages, uint32_t number) {
  return Parser(pages, number).parse();
}

std::vector<SqliteValue> decode_record(std::string_view payload) {
  size_t at = 0;
  uint64_t header = 0;
  if (!get_varint(payload, at, header) || header > payload.size() || header < at) return {};
  std::vector<SqliteValue> values;
  size_t content = static_cast<size_t>(header);
  while (at < header) {
    uint64_t type = 0;
    if (!get_varint(payload.substr(0, static_cast<size_t>(header)), at, type)) return {};
    bool known = type < 10 || (type >= 12 && (type - 12) / 2 <= kPayloadOctetsMax);
    if (!known || values.size() == kColumnsMax) return {};
    SqliteValue value;
    size_t octets = octets_of(type);
    value.cut = octets > payload.size() - content;
    value.text = payload.substr(content, std::min(octets, payload.size() - content));
    content += value.text.size();
    if (type == 0) {
      value.kind = SqliteValue::null;
    } else if (type == 7) {
      value.kind = SqliteValue::real;
    } else if (type >= 12) {
      value.kind = SqliteValue::bytes;
    } else {
      value.kind = SqliteValue::integer;
      value.number = type == 9 ? 1 : get_signed(value.text);
    }
    values.push_back(value);
  }
  return values;
}

}  // namespace pabal::store

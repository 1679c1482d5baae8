// Snapshot: a mailbox as it was after some commit, mails by rising UID; message
// number n is the n-th (RFC 9051 §2.3.1.2). Immutable, and shared by every
// session that stands there: what a commit changes is copied, chunk by chunk, the
// rest is the same memory.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/number_ranges.h"
#include "base/portable.h"
#include "store/mailboxes.h"

namespace pabal::reading {

// One mail.
struct Item {
  uint32_t uid = 0;
  uint32_t size_octets = 0;  // RFC 9051 number: 32 bits; see kAppendMax
  uint64_t flags = 0;
  int64_t modseq = 0;
  int64_t message = 0;
  int64_t internal_date_ms = 0;
  int64_t saved_at_ms = 0;
  bool operator==(const Item&) const = default;
};

class Snapshot {
 public:
  uint32_t size() const { return size_; }

  // number: from 1 to size().
  const Item& at(uint32_t number) const;
  uint32_t uid_at(uint32_t number) const { return at(number).uid; }
  // The message number; nullopt if there is no such UID.
  std::optional<uint32_t> find(uint32_t uid) const;
  // The first number whose UID is `uid` or higher; size() + 1 if none.
  uint32_t lower_bound(uint32_t uid) const;
  // The UIDs of rising ranges that are not here, as ranges. Costs what is here within
  // them: a range can have a thousand million UIDs that were never given.
  std::vector<NumberRange> missing(const store::UidRanges& uids) const;
  uint32_t last_uid() const { return size_ == 0 ? 0 : uid_at(size_); }

  // Calls use(number, item) for first..last (clipped to size()).
  template <class F>
  void each(uint32_t first, uint32_t last, F&& use) const;
  template <class F>
  void each(F&& use) const {
    each(1, size_, use);
  }

  // This with `upserts` (rising) added or in the place of those with their UIDs,
  // and without what lies in `removed`.
  std::shared_ptr<const Snapshot> with(const std::vector<Item>& upserts,
                                       const store::UidRanges& removed) const;

  // What leads from `before` to this one.
  struct Difference {
    std::vector<Item> upserts;      // new or with another MODSEQ, rising
    std::vector<uint32_t> removed;  // numbers in `before`, rising
    store::UidRanges removed_uids;
    bool empty() const { return upserts.empty() && removed.empty(); }
  };
  Difference since(const Snapshot& before) const;

  // Octets of memory, as if nobody else shared it.
  size_t octets() const { return sizeof(*this) + size_ * sizeof(Item); }

 private:
  static constexpr size_t kChunkItems = 512;
  using Chunk = std::vector<Item>;
  struct Slot {
    uint32_t before = 0;  // items in the slots before
    std::shared_ptr<const Chunk> chunk;
  };
  class Builder;
  const Slot& slot_of(uint32_t number) const;

  std::vector<Slot> slots_;
  uint32_t size_ = 0;
};

template <class F>
void Snapshot::each(uint32_t first, uint32_t last, F&& use) const {
  if (first < 1) first = 1;
  if (last > size_) last = size_;
  if (first > last) return;
  const Slot* slot = &slot_of(first);
  for (uint32_t number = first; number <= last; ++slot) {
    const Chunk& chunk = *slot->chunk;
    for (size_t i = number - slot->before - 1; i < chunk.size() && number <= last; ++i, ++number)
      use(number, chunk[i]);
  }
}

}  // namespace pabal::reading

// Its chunks are const, and shared by the loops as it is.
template <>
inline constexpr bool pabal::kPortable<pabal::reading::Snapshot> = true;

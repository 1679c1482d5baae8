#include "reading/snapshot.h"

#include <algorithm>

#include "base/verify.h"

namespace pabal::reading {

// Takes items by rising UID, whole chunks as they are where nothing is pending.
class Snapshot::Builder {
 public:
  explicit Builder(Snapshot& out) : out_(out) {}

  void add(const Item& item) {
    if (pending_.size() == kChunkItems) finish_chunk();
    pending_.push_back(item);
  }
  void share(const std::shared_ptr<const Chunk>& chunk) {
    finish_chunk();
    put(chunk);
  }
  void finish() { finish_chunk(); }

 private:
  void finish_chunk() {
    if (pending_.empty()) return;
    // A small one joins its neighbour, so that single removals and arrivals do not fray it.
    if (!out_.slots_.empty() && out_.slots_.back().chunk->size() + pending_.size() <= kChunkItems) {
      auto joined = std::make_shared<Chunk>();
      const Chunk& last = *out_.slots_.back().chunk;
      joined->reserve(last.size() + pending_.size());
      joined->insert(joined->end(), last.begin(), last.end());
      joined->insert(joined->end(), pending_.begin(), pending_.end());
      out_.size_ -= static_cast<uint32_t>(last.size());
      out_.slots_.pop_back();
      put(std::move(joined));
    } else {
      put(std::make_shared<Chunk>(pending_));
    }
    pending_.clear();
  }
  void put(std::shared_ptr<const Chunk> chunk) {
    uint32_t before = out_.size_;
    out_.size_ += static_cast<uint32_t>(chunk->size());
    out_.slots_.push_back({before, std::move(chunk)});
  }

  Snapshot& out_;
  Chunk pending_;
};

const Snapshot::Slot& Snapshot::slot_of(uint32_t number) const {
  auto behind = std::ranges::upper_bound(slots_, number - 1, {}, &Slot::before);
  return *std::prev(behind);
}

const Item& Snapshot::at(uint32_t number) const {
  verify(number >= 1 && number <= size_, "message numbers lie within the mailbox");
  const Slot& slot = slot_of(number);
  return (*slot.chunk)[number - slot.before - 1];
}

uint32_t Snapshot::lower_bound(uint32_t uid) const {
  auto last_uid_of = [](const Slot& slot) { return slot.chunk->back().uid; };
  auto slot = std::ranges::lower_bound(slots_, uid, {}, last_uid_of);
  if (slot == slots_.end()) return size_ + 1;
  auto item = std::ranges::lower_bound(*slot->chunk, uid, {}, &Item::uid);
  return slot->before + static_cast<uint32_t>(item - slot->chunk->begin()) + 1;
}

std::optional<uint32_t> Snapshot::find(uint32_t uid) const {
  uint32_t number = lower_bound(uid);
  if (number > size_ || uid_at(number) != uid) return std::nullopt;
  return number;
}

std::vector<NumberRange> Snapshot::missing(const store::UidRanges& uids) const {
  std::vector<NumberRange> out;
  auto put = [&out](int64_t first, int64_t last) {
    if (first <= last) out.push_back({static_cast<uint32_t>(first), static_cast<uint32_t>(last)});
  };
  for (const store::UidRange& range : uids) {
    int64_t next = std::max<int64_t>(range.first.value, 1);
    const int64_t last = std::min<int64_t>(range.last.value, UINT32_MAX);
    if (next > last) continue;
    const uint32_t from = lower_bound(static_cast<uint32_t>(next));
    const uint32_t behind = last == UINT32_MAX ? size_ + 1 : lower_bound(static_cast<uint32_t>(last) + 1);
    each(from, behind - 1, [&](uint32_t, const Item& item) {
      put(next, int64_t{item.uid} - 1);
      next = int64_t{item.uid} + 1;
    });
    put(next, last);
  }
  return out;
}

std::shared_ptr<const Snapshot> Snapshot::with(const std::vector<Item>& upserts,
                                               const store::UidRanges& removed) const {
  auto out = std::make_shared<Snapshot>();
  Builder builder(*out);
  auto upsert = upserts.begin();
  auto range = removed.begin();
  auto is_removed = [&](uint32_t uid) {
    while (range != removed.end() && range->last.value < uid) ++range;
    return range != removed.end() && range->first.value <= uid;
  };
  for (const Slot& slot : slots_) {
    const Chunk& chunk = *slot.chunk;
    while (range != removed.end() && range->last.value < chunk.front().uid) ++range;
    bool untouched = (upsert == upserts.end() || upsert->uid > chunk.back().uid) &&
                     (range == removed.end() || range->first.value > chunk.back().uid);
    if (untouched) {
      builder.share(slot.chunk);
      continue;
    }
    for (const Item& item : chunk) {
      for (; upsert != upserts.end() && upsert->uid < item.uid; ++upsert) builder.add(*upsert);
      bool replaced = upsert != upserts.end() && upsert->uid == item.uid;
      if (!is_removed(item.uid)) builder.add(replaced ? *upsert : item);
      if (replaced) ++upsert;
    }
  }
  for (; upsert != upserts.end(); ++upsert) builder.add(*upsert);
  builder.finish();
  return out;
}

Snapshot::Difference Snapshot::since(const Snapshot& before) const {
  Difference out;
  size_t a = 0, b = 0;    // slots of before and of this
  size_t ai = 0, bi = 0;  // items within them
  while (a < before.slots_.size() || b < slots_.size()) {
    const Slot* old_slot = a < before.slots_.size() ? &before.slots_[a] : nullptr;
    const Slot* new_slot = b < slots_.size() ? &slots_[b] : nullptr;
    if (old_slot && new_slot && ai == 0 && bi == 0 && old_slot->chunk == new_slot->chunk) {
      ++a;
      ++b;
      continue;
    }
    const Item* old_item = old_slot ? &(*old_slot->chunk)[ai] : nullptr;
    const Item* new_item = new_slot ? &(*new_slot->chunk)[bi] : nullptr;
    bool take_old = old_item && (!new_item || old_item->uid <= new_item->uid);
    bool take_new = new_item && (!old_item || new_item->uid <= old_item->uid);
    if (take_old && !take_new) {
      out.removed.push_back(old_slot->before + static_cast<uint32_t>(ai) + 1);
      store::add_to(out.removed_uids, Uid{old_item->uid});
    } else if (take_new && (!take_old || old_item->modseq != new_item->modseq)) {
      out.upserts.push_back(*new_item);
    }
    if (take_old && ++ai == old_slot->chunk->size()) {
      ++a;
      ai = 0;
    }
    if (take_new && ++bi == new_slot->chunk->size()) {
      ++b;
      bi = 0;
    }
  }
  return out;
}

}  // namespace pabal::reading

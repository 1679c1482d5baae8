// Message cache: what was made of messages lately, so that it is at hand when the same
// messages are asked for again. Messages never change, so nothing here goes stale.
#pragma once

#include <memory>
#include <unordered_map>

#include "base/ids.h"

namespace pabal::reading {

// Two generations: what is used while it lies in the older one moves to the
// younger, and when that has filled its half of the room, the older one goes.
template <class Value>
class MessageCache {
 public:
  explicit MessageCache(size_t octets_max) : octets_max_(octets_max) {}

  // nullptr: not at hand.
  std::shared_ptr<const Value> find(MessageId id) {
    if (auto found = young_.find(id); found != young_.end()) return found->second.value;
    auto found = old_.find(id);
    if (found == old_.end()) return nullptr;
    Entry entry = std::move(found->second);
    old_.erase(found);
    std::shared_ptr<const Value> value = entry.value;
    insert(id, std::move(entry));
    return value;
  }

  // Instead of what was made of it before. octets: of memory, without what is spent here.
  void put(MessageId id, std::shared_ptr<const Value> value, size_t octets) {
    if (octets <= octets_max_ / 2) insert(id, {std::move(value), octets + kEntryOctets});
  }

 private:
  // A node, its control block and its share of the table.
  static constexpr size_t kEntryOctets = 128;
  struct Entry {
    std::shared_ptr<const Value> value;
    size_t octets = 0;
  };

  void insert(MessageId id, Entry entry) {
    if (young_octets_ + entry.octets > octets_max_ / 2) {
      old_ = std::move(young_);
      young_.clear();
      young_octets_ = 0;
    }
    Entry& place = young_[id];
    young_octets_ += entry.octets - place.octets;
    place = std::move(entry);
  }

  const size_t octets_max_;
  std::unordered_map<MessageId, Entry> young_, old_;
  size_t young_octets_ = 0;
};

}  // namespace pabal::reading

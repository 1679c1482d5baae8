// Cache of resolutions. Emptied when the directory has changed; and no entry lives
// longer than a minute, for who edits the tables by hand.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/time.h"
#include "directory/directory.h"

namespace pabal::directory {

class Cache {
 public:
  explicit Cache(size_t entries_max) : entries_max_(entries_max) {}

  // generation: Store::directory_generation() now; for put() also the one before the look-up.
  std::optional<Resolution> get(const std::string& key, uint64_t generation, Instant now);
  void put(std::string key, const Resolution& value, uint64_t before, uint64_t generation, Instant now);

 private:
  struct Entry {
    Resolution value;
    Instant until;
  };
  void look_at(uint64_t generation);

  const size_t entries_max_;
  std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
  uint64_t generation_ = 0;
};

}  // namespace pabal::directory

// Cache of resolutions. Emptied when the directory changed: at once after a
// commit of this process, within a second after one of another; and no entry
// lives longer than a minute, for who edits the tables by hand.
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
  // When a look-up began; put() keeps its result only if nothing changed since.
  struct Epoch {
    uint64_t generation = 0;  // Store::directory_generation()
    uint64_t clearings = 0;
    bool operator==(const Epoch&) const = default;
  };
  explicit Cache(size_t entries_max) : entries_max_(entries_max) {}
  Epoch epoch(uint64_t generation);

  std::optional<Resolution> get(const std::string& key, Epoch epoch, Instant now);
  void put(std::string key, const Resolution& value, Epoch epoch, uint64_t generation, Instant now);

  // True once a second: then the caller reads the version and gives it to seen().
  bool check_due(Instant now);
  void seen(const std::string& version);

 private:
  struct Entry {
    Resolution value;
    Instant until;
  };
  void clear();

  const size_t entries_max_;
  std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
  Epoch epoch_;
  std::string version_;
  Instant next_check_;
};

}  // namespace pabal::directory

#include "directory/cache.h"

namespace pabal::directory {

namespace {
constexpr std::chrono::seconds kLifetime{60};
}  // namespace

void Cache::look_at(uint64_t generation) {
  if (generation_ == generation) return;
  generation_ = generation;
  entries_.clear();
}

std::optional<Resolution> Cache::get(const std::string& key, uint64_t generation, Instant now) {
  std::lock_guard lock(mutex_);
  look_at(generation);
  auto found = entries_.find(key);
  if (found == entries_.end() || found->second.until <= now) return std::nullopt;
  return found->second.value;
}

void Cache::put(std::string key, const Resolution& value, uint64_t before, uint64_t generation, Instant now) {
  std::lock_guard lock(mutex_);
  look_at(generation);
  if (before != generation || entries_max_ == 0) return;
  if (entries_.size() >= entries_max_) entries_.clear();
  entries_[std::move(key)] = {value, now + kLifetime};
}

}  // namespace pabal::directory

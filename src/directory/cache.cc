#include "directory/cache.h"

namespace pabal::directory {

namespace {
constexpr std::chrono::seconds kLifetime{60};
constexpr std::chrono::seconds kCheckEvery{1};
}  // namespace

Cache::Epoch Cache::epoch(uint64_t generation) {
  std::lock_guard lock(mutex_);
  if (epoch_.generation != generation) {
    epoch_.generation = generation;
    clear();
  }
  return epoch_;
}

std::optional<Resolution> Cache::get(const std::string& key, Epoch epoch, Instant now) {
  std::lock_guard lock(mutex_);
  if (epoch != epoch_) return std::nullopt;
  auto found = entries_.find(key);
  if (found == entries_.end() || found->second.until <= now) return std::nullopt;
  return found->second.value;
}

void Cache::put(std::string key, const Resolution& value, Epoch epoch, uint64_t generation, Instant now) {
  std::lock_guard lock(mutex_);
  if (epoch != epoch_ || epoch.generation != generation) return;
  if (entries_max_ == 0) return;
  if (entries_.size() >= entries_max_) entries_.clear();
  entries_[std::move(key)] = {value, now + kLifetime};
}

bool Cache::check_due(Instant now) {
  std::lock_guard lock(mutex_);
  if (now < next_check_) return false;
  next_check_ = now + kCheckEvery;
  return true;
}

void Cache::seen(const std::string& version) {
  std::lock_guard lock(mutex_);
  if (version == version_) return;
  version_ = version;
  clear();
}

void Cache::clear() {
  entries_.clear();
  ++epoch_.clearings;
}

}  // namespace pabal::directory

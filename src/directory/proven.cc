#include "directory/proven.h"

#include "store/hash.h"

namespace pabal::directory {

namespace {

constexpr Duration kLifetime = std::chrono::minutes(10);
constexpr size_t kEntriesMax = 100'000;

}  // namespace

std::string Proven::digest(std::string_view phc, std::string_view password) const {
  store::Sha256 hash;
  hash.update(key_);
  hash.update(phc);
  hash.update(std::string_view("\0", 1));  // a PHC string has none
  hash.update(password);
  return hash.finish();
}

bool Proven::knows(AccountId account, std::string_view phc, std::string_view password, Instant now) {
  const std::string wanted = digest(phc, password);
  std::lock_guard lock(mutex_);
  auto found = entries_.find(account);
  if (found == entries_.end() || found->second.until < now) return false;
  // Comparing takes its time by the digest, which nobody outside can choose.
  return found->second.digest == wanted;
}

void Proven::remember(AccountId account, std::string_view phc, std::string_view password, Instant now) {
  Entry entry{digest(phc, password), now + kLifetime};
  std::lock_guard lock(mutex_);
  if (entries_.size() >= kEntriesMax) entries_.clear();
  entries_[account] = std::move(entry);
}

}  // namespace pabal::directory

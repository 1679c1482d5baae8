#include "sim/sqlite_locks.h"

#include <algorithm>

namespace pabal::sim {

bool SqliteShared::lock(SqliteHolder& who, FileLockLevel level) {
  if (who.level >= level) return true;
  FileLockLevel others = FileLockLevel::none;
  for (const SqliteHolder* other : holders_) {
    if (other != &who) others = std::max(others, other->level);
  }
  switch (level) {
    case FileLockLevel::shared:
      if (others >= FileLockLevel::pending) return false;
      break;
    case FileLockLevel::reserved:
      if (others >= FileLockLevel::reserved) return false;
      break;
    case FileLockLevel::pending:
    case FileLockLevel::exclusive:
      if (others >= FileLockLevel::reserved) return false;
      if (others != FileLockLevel::none) {
        who.level = FileLockLevel::pending;
        return false;
      }
      break;
    case FileLockLevel::none:
      return true;
  }
  who.level = level;
  return true;
}

bool SqliteShared::reserved() const {
  return std::ranges::any_of(holders_, [](auto* h) { return h->level >= FileLockLevel::reserved; });
}

void SqliteShared::leave(SqliteHolder& who) {
  if (who.maps_index) unmap(who);
  std::erase(holders_, &who);
}

char* SqliteShared::region(size_t number, size_t octets, bool make) {
  if (number >= regions_.size() && !make) return nullptr;
  while (number >= regions_.size()) regions_.push_back(std::make_unique<char[]>(octets));
  return regions_[number].get();
}

bool SqliteShared::lock_index(SqliteHolder& who, uint8_t mask, bool exclusive) {
  for (const SqliteHolder* other : holders_) {
    if (other == &who) continue;
    if ((other->index_exclusive & mask) != 0) return false;
    if (exclusive && (other->index_shared & mask) != 0) return false;
  }
  (exclusive ? who.index_exclusive : who.index_shared) |= mask;
  return true;
}

void SqliteShared::unlock_index(SqliteHolder& who, uint8_t mask) {
  who.index_exclusive &= static_cast<uint8_t>(~mask);
  who.index_shared &= static_cast<uint8_t>(~mask);
}

void SqliteShared::unmap(SqliteHolder& who) {
  who.maps_index = false;
  who.index_shared = who.index_exclusive = 0;
  bool used = std::ranges::any_of(holders_, [](auto* h) { return h->maps_index; });
  if (!used) regions_.clear();
}

}  // namespace pabal::sim

// Health: whether SQLite has found the database damaged, in any connection. What is
// written into a damaged database may be out of reach for ever, so from then on
// nothing is written, by this process or a later one, until the file is sound
// again. Reading goes on.
#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include "io/world.h"
#include "store/sqlite.h"

namespace pabal::store {

inline constexpr const char* kDamageRemedy =
    "stop the server and run `pabal store check`; then restore the newest backup, or get out what is "
    "readable "
    "by `pabal store salvage`";

class Health {
 public:
  Health(io::World& world, std::string directory) : world_(world), directory_(std::move(directory)) {}

  // At the start: whether what an earlier process found is still so.
  void look_again(Database& db);

  // From any thread. The first report is logged, and kept beside the database.
  void report(std::string_view damage);
  // Of a connection that has been used, and of what it threw.
  void look_at(const Database& db) {
    if (!db.damage().empty()) report(db.damage());
  }
  void look_at(const StoreError& e) {
    if (e.damaged()) report(e.what());
  }

  bool sound() const { return !damaged_; }
  // Throws StoreError unless it is sound.
  void require_sound() const {
    if (damaged_) throw refusal();
  }
  StoreError refusal() const;

 private:
  io::World& world_;
  const std::string directory_;
  std::atomic<bool> damaged_ = false;
  mutable std::mutex mutex_;
  std::string damage_;
};

}  // namespace pabal::store

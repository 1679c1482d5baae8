#include "store/health.h"

namespace pabal::store {

namespace {

// There while the database is known to be damaged.
std::string note_path(const std::string& directory) {
  return directory + "/damaged";
}

}  // namespace

void Health::look_again(Database& db) {
  if (!world_.disk.exists(note_path(directory_))) return;
  world_.log.info("store.checking", {{"reason", "the database was found damaged before"}});
  try {
    Statement check = db.prepare("PRAGMA quick_check(1)");
    if (check.step() && check.view(0) != "ok") return report(check.view(0));
  } catch (const StoreError& e) {
    return report(e.what());
  }
  world_.disk.remove(note_path(directory_));
  world_.disk.sync_directory(directory_);
  world_.log.info("store.sound_again");
}

void Health::report(std::string_view damage) {
  {
    std::lock_guard lock(mutex_);
    if (damaged_) return;
    damage_ = damage;
    damaged_ = true;
  }
  world_.log.error("store.damaged", {{"damage", damage},
                                     {"effect",
                                      "nothing is written any more: mail is answered by 451, and "
                                      "nobody can delete"},
                                     {"remedy", kDamageRemedy}});
  try {
    world_.disk.open(note_path(directory_), io::OpenMode::create)->sync();
    world_.disk.sync_directory(directory_);
  } catch (const io::IoError& e) {
    world_.log.error("store.damage_not_noted", {{"error", e.what()}});
  }
}

StoreError Health::refusal() const {
  std::lock_guard lock(mutex_);
  return StoreError(
      "the database is damaged (" + damage_ + "), so nothing is written any more: " + kDamageRemedy, false,
      true);
}

}  // namespace pabal::store

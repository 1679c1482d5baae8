#include "store/readers.h"

#include <utility>

namespace pabal::store {

void Readers::run(std::move_only_function<void(Database&)>& query) {
  // Gives the place back, and the connection with it if that is still good.
  struct Lease {
    explicit Lease(Readers& r) : readers(r), db(r.take()) {}
    ~Lease() { readers.give_back(std::move(db)); }
    Readers& readers;
    std::unique_ptr<Database> db;
  };
  Lease lease(*this);
  try {
    if (!lease.db) lease.db = std::make_unique<Database>(path_, Database::Options{true, vfs_, cache_octets_});
    lease.db->prepare("BEGIN").run();
    query(*lease.db);
    lease.db->prepare("COMMIT").run();
    // A query may have borne an error.
    if (lease.db->broken()) drop(lease.db);
  } catch (const StoreError& e) {
    if (health_ != nullptr) health_->look_at(e);
    end(lease.db);
    throw;
  } catch (...) {
    end(lease.db);
    throw;
  }
}

// After an error: the connection stays only if it is as it was.
void Readers::end(std::unique_ptr<Database>& db) {
  if (!db) return;
  try {
    if (!db->broken() && db->in_transaction()) db->prepare("ROLLBACK").run();
  } catch (const StoreError&) {
    // Not given back, see below.
  }
  if (db->broken() || db->in_transaction()) drop(db);
}

void Readers::drop(std::unique_ptr<Database>& db) {
  if (health_ != nullptr) health_->look_at(*db);
  db = nullptr;
}

std::unique_ptr<Database> Readers::take() {
  std::unique_lock lock(mutex_);
  returned_.wait(lock, [this] { return lent_ < max_; });
  ++lent_;
  if (idle_.empty()) return nullptr;
  std::unique_ptr<Database> db = std::move(idle_.back());
  idle_.pop_back();
  return db;
}

void Readers::give_back(std::unique_ptr<Database> db) {
  {
    std::lock_guard lock(mutex_);
    --lent_;
    if (db) idle_.push_back(std::move(db));
  }
  returned_.notify_one();
}

}  // namespace pabal::store

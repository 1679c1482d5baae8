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
  if (!lease.db) lease.db = std::make_unique<Database>(path_, Database::Options{true, vfs_, cache_octets_});
  try {
    lease.db->prepare("BEGIN").run();
    query(*lease.db);
    lease.db->prepare("COMMIT").run();
    // A query may have borne an error.
    if (lease.db->broken()) lease.db = nullptr;
  } catch (...) {
    std::exception_ptr error = std::current_exception();
    try {
      if (!lease.db->broken() && lease.db->in_transaction()) lease.db->prepare("ROLLBACK").run();
    } catch (const StoreError&) {
      // Not given back, see below.
    }
    if (lease.db->broken() || lease.db->in_transaction()) lease.db = nullptr;
    std::rethrow_exception(error);
  }
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

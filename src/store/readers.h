// Readers: connections for reading, lent to one thread at a time. Each query
// sees one consistent snapshot.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store/health.h"
#include "store/sqlite.h"

namespace pabal::store {

class Readers {
 public:
  // health: told of damage that shows; nullptr where nobody writes.
  Readers(std::string path, const char* vfs, int max, uint64_t cache_octets, Health* health)
      : path_(std::move(path)), vfs_(vfs), max_(max), cache_octets_(cache_octets), health_(health) {}

  // Waits when all connections are lent. Throws StoreError or what `query` threw.
  void run(std::move_only_function<void(Database&)>& query);

 private:
  std::unique_ptr<Database> take();
  void give_back(std::unique_ptr<Database> db);
  void end(std::unique_ptr<Database>& db);
  void drop(std::unique_ptr<Database>& db);

  const std::string path_;
  const char* const vfs_;
  const int max_;
  const uint64_t cache_octets_;
  Health* const health_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Database>> idle_;
  int lent_ = 0;
};

}  // namespace pabal::store

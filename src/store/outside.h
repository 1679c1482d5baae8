// What another process (the command line) changes beside a running server: it
// writes down what others have to look at, and the server, which hears of its own
// commits at once, looks there again and again.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "store/store.h"

namespace pabal::store {

// At the end of a transaction of such a process.
void record_outside(Transaction& tx);

// The server's look at what others do.
class Outside {
 public:
  // What happens from here on. Throws StoreError.
  Outside(io::World& world, Store& store, const std::string& directory);

  // Whoever listens to the store hears of what is new as of a commit of this
  // process. Costs next to nothing unless somebody, perhaps this process, has
  // committed since the last look. Throws StoreError; then the next look finds it.
  rt::Task<void> look();

 private:
  struct News {
    int64_t data_version = -1;
    std::string directory_version;
    int64_t last = 0;  // in outside_change
    std::vector<MailboxChange> changes;
  };
  // On another thread, by one at a time.
  struct Connection {
    std::string path;
    const char* vfs;
    std::unique_ptr<Database> db;  // null after an I/O error
    News read(int64_t data_version, int64_t last);
  };

  io::World& world_;
  Store& store_;
  const std::shared_ptr<Connection> connection_;
  News seen_;
};

}  // namespace pabal::store

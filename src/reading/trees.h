// Trees: all mailboxes that somebody sees, read once for all his sessions that
// watch them (NOTIFY): who asks while it is being read, or after, gets the same one
// as long as nothing has changed since.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "directory/directory.h"
#include "reading/places.h"
#include "rt/event.h"
#include "store/store.h"

namespace pabal::reading {

struct SeenTree {
  std::vector<SeenMailbox> mailboxes;
  std::vector<std::string> subscriptions;  // rising
};

// On one loop.
class Trees {
 public:
  explicit Trees(store::Store& store) : store_(store) {}

  // Something somewhere has changed. Call it before whoever watches is told.
  void changed() { ++now_; }
  uint64_t now() const { return now_; }

  // As it is now, or as it was read at `since` (of now()) or later. Throws StoreError.
  rt::Task<std::shared_ptr<const SeenTree>> read(directory::Account reader, uint64_t since);

  uint64_t reads() const { return reads_; }  // of the store, so far

 private:
  struct Entry {
    std::shared_ptr<const SeenTree> tree;  // null: not read yet, or let go
    uint64_t begun = 0;                    // now() when reading `tree` began
    bool reading = false;
    rt::Event ended;
  };
  void keep(AccountId account);

  store::Store& store_;
  uint64_t now_ = 1;
  uint64_t reads_ = 0;
  std::unordered_map<AccountId, std::shared_ptr<Entry>> entries_;
  std::list<AccountId> kept_;  // whose tree is kept, last read first
};

}  // namespace pabal::reading

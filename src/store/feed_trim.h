// The horizon of the feed: of each account so many of the newest rows stay, older ones
// go. Who asks for what lies behind it is told that nobody can say (feed.h), and QRESYNC
// falls back on what is there (expunged_since).
//
// What a consumer's cursor needs stays longer, up to kHeldFactor times as many rows: a
// consumer that never comes does not fill the disk.
#pragma once

#include <map>
#include <vector>

#include "rt/event.h"
#include "rt/task.h"
#include "store/changes.h"

namespace pabal::store {

inline constexpr uint64_t kHeldFactor = 4;

// Moves the horizon of an account, and removes at most `rows_step` rows behind it.
// False: that was the last of it.
bool trim_feed(Transaction& tx, AccountId account, uint64_t rows_max, uint64_t rows_step);
// The feed of an account begins anew, behind its newest change.
void forget_feed(Transaction& tx, AccountId account);

bool is_too_long(Database& db, AccountId account, uint64_t rows_max);

// Keeps the feeds of a store that short while it runs, in the background and in small
// steps. One per server, on the loop that runs it.
class FeedTrimmer {
 public:
  FeedTrimmer(io::World& world, Store& store, uint64_t rows_max);

  // Works until stop(). Never throws.
  rt::Task<void> run();
  void stop();

 private:
  rt::Task<void> trim_all();
  rt::Task<void> trim_changed();
  rt::Task<void> trim(std::vector<AccountId> accounts);

  io::World& world_;
  Store& store_;
  const uint64_t rows_max_;
  std::map<AccountId, uint64_t> changes_;  // commits since it was looked at last
  bool stopping_ = false;
  rt::Event wake_;
};

}  // namespace pabal::store

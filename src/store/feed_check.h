// Whether the feed of each account is what its readers rely on.
#pragma once

#include <string>
#include <vector>

#include "base/ids.h"
#include "store/store.h"

namespace pabal::store {

struct BrokenFeed {
  AccountId account;
  std::string what;
};
std::vector<BrokenFeed> list_broken_feeds(Database& db);
// They begin anew: clients and consumers ask for everything once more.
void mend_feeds(Transaction& tx, const std::vector<BrokenFeed>& broken);

}  // namespace pabal::store

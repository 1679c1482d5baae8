// Runs a search in one mailbox: by the view where that is enough, and for
// messages that stay undecided by their summaries and texts, in batches on
// reader threads.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "reading/context.h"
#include "reading/progress.h"
#include "reading/search_match.h"
#include "rt/task.h"

namespace pabal::reading {

struct Hit {
  uint32_t number = 0;          // message number
  unsigned char relevancy = 1;  // 1 to 100 (RFC 6203), if scores were asked for
  const Item* item = nullptr;   // in SearchResult::snapshot
};

struct SearchResult {
  std::shared_ptr<const Snapshot> snapshot;
  std::vector<Hit> hits;  // by rising number
  size_t damaged = 0;     // messages whose bytes are needed and cannot be read: no hits
};

struct SearchScope {
  std::shared_ptr<const Snapshot> snapshot;
  std::vector<NumberRange> numbers;  // look at these only, rising
  bool scores = false;
  AccountId owner;  // of the mailbox
};

// Throws StoreError, and IoError when the server is cut off.
rt::Task<SearchResult> run_search(Context& context, const SearchPlan& plan, SearchScope scope,
                                  Progress& progress);

}  // namespace pabal::reading

// Searches whose results are kept up to date (RFC 5267 §4.3): what is told when
// a mailbox has changed. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/imap/search_key.h"
#include "reading/search_plan.h"

namespace pabal::serve::imap {

inline constexpr size_t kSearchContextsMax = 10;  // of one session

struct SearchContext {
  std::string tag;  // of the command
  bool uid = false;
  reading::SearchPlan plan;
  std::vector<proto::imap::SortCriterion> criteria;  // none: in the order of the mailbox
  std::vector<proto::imap::FetchItem> items;         // to tell of messages that arrive (RFC 5465 §7)
  std::vector<uint32_t> uids;                        // the result as the client knows it
};

// Results that come in or go, from a position (from 1) on; position 0: wherever
// they belong in the order of the mailbox.
struct ContextStep {
  uint32_t position = 0;
  std::vector<uint32_t> uids;
  bool operator==(const ContextStep&) const = default;
};
// In the order in which they are to be done, removals first.
struct ContextSteps {
  std::vector<ContextStep> removed, added;
};

// What leads from one result to the next; positions: of SORT, whose order says
// nothing of UIDs. Neither has a UID twice.
ContextSteps steps_between(const std::vector<uint32_t>& before, const std::vector<uint32_t>& after,
                           bool positions);

}  // namespace pabal::serve::imap

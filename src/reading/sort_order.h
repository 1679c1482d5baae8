// The order of messages that were found (RFC 5256 §3, RFC 5957, RFC 6203 §6).
#pragma once

#include <vector>

#include "mail/sort_criterion.h"
#include "reading/progress.h"
#include "reading/search_run.h"

namespace pabal::reading {

using mail::SortCriterion;

// Sorts the hits; equal ones stay in the order of the mailbox, also with REVERSE.
// Those that are damaged come as if they had no header, and are counted in the
// result. Throws StoreError, and IoError when the server is cut off.
rt::Task<void> sort_hits(Context& context, SearchResult& result, const std::vector<SortCriterion>& criteria,
                         Progress& progress);

}  // namespace pabal::reading

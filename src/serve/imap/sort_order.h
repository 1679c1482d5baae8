// The order in which SORT names messages (RFC 5256 §3, RFC 5957, RFC 6203 §6).
#pragma once

#include <vector>

#include "proto/imap/search_key.h"
#include "serve/imap/progress.h"
#include "serve/imap/search_run.h"

namespace pabal::serve::imap {

// Sorts the hits; equal ones stay in the order of the mailbox, also with REVERSE.
// Those that are damaged come as if they had no header, and are counted in the
// result. Throws StoreError, and IoError when the server is cut off.
rt::Task<void> sort_hits(Service& service, SearchResult& result,
                         const std::vector<proto::imap::SortCriterion>& criteria, Progress& progress);

}  // namespace pabal::serve::imap

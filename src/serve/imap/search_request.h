// What SEARCH and SORT ask for, and what all searches refuse alike.
#pragma once

#include <optional>
#include <vector>

#include "proto/imap/search_key.h"
#include "serve/imap/outcome.h"

namespace pabal::serve::imap {

struct SearchRequest {
  bool uid = false;
  proto::imap::ReturnOptions returns;
  proto::imap::SearchProgram program;
  std::vector<proto::imap::SortCriterion> criteria;  // none: SEARCH
};

// What ESEARCH asks for in each of its mailboxes.
struct MultiSearchRequest {
  const proto::imap::ReturnOptions& returns;  // effective ones
  const proto::imap::SearchProgram& program;
  bool modseq = false;
};

Outcome unknown_charset();
// fuzzy: the search has FUZZY keys.
std::optional<Outcome> refuse_returns(const proto::imap::ReturnOptions& returns, bool fuzzy);

}  // namespace pabal::serve::imap

// What a search program of IMAP means in one mailbox: keys as terms of a plan, message
// numbers and "$" as UIDs.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "io/world.h"
#include "proto/imap/search_key.h"
#include "reading/search_plan.h"
#include "reading/snapshot.h"
#include "rt/task.h"

namespace pabal::serve::imap {

// What the words of a search mean here.
struct SearchMeaning {
  std::shared_ptr<const reading::Snapshot> snapshot;
  std::vector<NumberRange> saved;   // "$", UIDs
  std::vector<NumberRange> recent;  // UIDs of what is \Recent in this session
  std::vector<std::string> keywords;
  Time now;
};

// nullopt: the charset is not known (NO [BADCHARSET]).
std::optional<reading::SearchPlan> plan_search(const proto::imap::SearchProgram& program,
                                               const SearchMeaning& meaning);

// plan_search; long texts are folded on an executor thread.
rt::Task<std::optional<reading::SearchPlan>> plan_beside(io::World& world,
                                                         const proto::imap::SearchProgram& program,
                                                         const SearchMeaning& meaning);

// Whether a fuzzy key is in it (RFC 6203 §4: only then there are scores).
bool is_fuzzy(const proto::imap::SearchKeys& keys);

// Of an EMAILID or a THREADID as FETCH shows it, "M17" or "T17"; nullopt if it cannot be one.
std::optional<int64_t> number_of_object_id(char kind, std::string_view object_id);

}  // namespace pabal::serve::imap

// A search made ready to run in one mailbox: needles folded, flags as bits, dates
// and sizes as ranges, message numbers and "$" as UIDs. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/portable.h"
#include "base/time.h"
#include "proto/imap/search_key.h"
#include "serve/imap/snapshot.h"

namespace pabal::serve::imap {

struct SearchNode {
  // By what it costs to answer: from the view, from the summary, from the texts.
  enum Kind : unsigned char {
    nothing,
    everything,
    uids,    // ranges
    flags,   // one of `bits` at least
    size,    // octets, low..high; likewise below
    modseq,  // RFC 7162
    internal_date,
    saved_date,  // milliseconds
    message,     // MessageId
    conjunction,
    disjunction,
    negation,
    thread,    // ThreadId
    sent_day,  // days since 1970-01-01
    header,    // field, text
    body,
    anywhere,  // text
  };
  Kind kind = everything;
  Kind cost = kind;  // the dearest kind in it
  bool fuzzy = false;
  int64_t low = INT64_MIN, high = INT64_MAX;  // both included
  uint64_t bits = 0;
  std::vector<NumberRange> ranges;
  std::string field;               // "subject:"
  std::string text;                // folded (mail::fold_for_search)
  std::vector<std::string> words;  // of text, if fuzzy (RFC 6203)
  std::vector<SearchNode> children;
};

// What has to be read for messages that the view cannot decide.
struct SearchNeeds {
  bool thread = false, sent_day = false, header = false, body = false;
  bool any() const { return thread || sent_day || header || body; }
};

struct SearchPlan {
  SearchNode root;
  SearchNeeds needs;
};

// What the words of a search mean here.
struct SearchMeaning {
  const Snapshot& snapshot;
  const std::vector<NumberRange>& saved;  // "$", UIDs
  const std::vector<std::string>& keywords;
  Time now;
};

// nullopt: the charset is not known (NO [BADCHARSET]).
std::optional<SearchPlan> plan_search(const proto::imap::SearchProgram& program,
                                      const SearchMeaning& meaning);

// Whether a fuzzy key is in it (RFC 6203 §4: only then there are scores).
bool is_fuzzy(const proto::imap::SearchKey& key);

// Of an EMAILID or a THREADID as FETCH shows it, "M17" or "T17"; nullopt if it cannot be one.
std::optional<int64_t> number_of_object_id(char kind, std::string_view object_id);

}  // namespace pabal::serve::imap

// Contains itself, and nothing but values.
template <>
inline constexpr bool pabal::kPortable<pabal::serve::imap::SearchNode> = true;

// A search made ready to run in one mailbox: needles folded, flags as bits, dates
// and sizes as ranges, message numbers as UIDs. Pure.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/number_ranges.h"
#include "reading/snapshot.h"

namespace pabal::reading {

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
    address,
    header,  // field, text
    body,
    anywhere,  // text
  };
  Kind kind = everything;
  bool fuzzy = false;
  uint32_t end = 1;                           // in the plan, behind the last of what stands in it
  int64_t low = INT64_MIN, high = INT64_MAX;  // both included
  uint64_t bits = 0;
  std::vector<NumberRange> ranges;
  bool recent = false;             // uids: of what is \Recent, which grows
  std::string field;               // "subject:"
  std::string text;                // folded (mail::fold_for_search)
  std::vector<std::string> words;  // of text, if fuzzy (RFC 6203)
};

// What has to be read for messages that the view cannot decide.
struct SearchNeeds {
  bool thread = false, sent_day = false, addresses = false, header = false, body = false;
  bool texts() const { return addresses || header || body; }
  bool any() const { return thread || sent_day || texts(); }
};

// Polish notation: behind a compound stands what it is made of, cheap things first,
// up to its `end`. No depth is too deep, as nothing recurses.
struct SearchPlan {
  std::vector<SearchNode> nodes;
  SearchNeeds needs;
};

// As it is written down by who asks, in Polish notation: a conjunction, a disjunction or
// a negation stands before its operands.
struct SearchTerm {
  SearchNode node;
  uint32_t operands = 0;
};

// True of every mail, or of none.
SearchNode always(bool value);

// Of one term with all its operands; of none: everything.
SearchPlan plan_of(std::vector<SearchTerm> terms);

// For a search that is asked again: more is \Recent now.
void renew_recent(SearchPlan& plan, const std::vector<NumberRange>& recent);

}  // namespace pabal::reading

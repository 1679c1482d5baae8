// Message numbers and UIDs: what a sequence set means in the mailbox as the
// client knows it (RFC 9051 §9, RFC 5182).
#include <algorithm>

#include "serve/imap/session.h"

namespace pabal::serve::imap {

namespace {

void add_range(std::vector<NumberRange>& ranges, uint32_t first, uint32_t last) {
  if (!ranges.empty() && ranges.back().last + 1 >= first) {
    ranges.back().last = std::max(ranges.back().last, last);
  } else {
    ranges.push_back({first, last});
  }
}

}  // namespace

std::optional<std::vector<NumberRange>> Session::numbers_of(const wire::SequenceSet& set, bool uid) const {
  const reading::Snapshot& told = *selected_->told;
  std::vector<NumberRange> ranges;
  if (set.saved) {
    ranges = selected_->saved;
    uid = true;
  } else {
    ranges = wire::normalize(set, uid ? told.last_uid() : told.size());
  }
  if (!uid) {
    if (!ranges.empty() && ranges.back().last > told.size()) return std::nullopt;
    // "*" of an empty mailbox has dropped out, but there was something to name.
    if (ranges.empty()) return std::nullopt;
    return ranges;
  }
  // UIDs that are not there are left out without a word (RFC 9051 §6.4.9).
  std::vector<NumberRange> numbers;
  for (const NumberRange& range : ranges) {
    uint32_t first = told.lower_bound(range.first);
    uint32_t behind = range.last == UINT32_MAX ? told.size() + 1 : told.lower_bound(range.last + 1);
    if (first < behind) add_range(numbers, first, behind - 1);
  }
  return numbers;
}

Outcome Session::no_such_number() const {
  return bad("there is no such message number: the mailbox has " + std::to_string(selected_->told->size()));
}

std::optional<store::UidRanges> Session::uids_named(const wire::SequenceSet& set, bool uid) const {
  std::optional<std::vector<NumberRange>> numbers = numbers_of(set, uid);
  if (!numbers) return std::nullopt;
  return uids_of(*numbers);
}

std::vector<NumberRange> Session::numbers_now(const store::UidRanges& uids) const {
  const reading::Snapshot& told = *selected_->told;
  std::vector<NumberRange> numbers;
  for (const store::UidRange& range : uids) {
    uint32_t first = told.lower_bound(static_cast<uint32_t>(range.first.value));
    uint32_t last = told.lower_bound(static_cast<uint32_t>(range.last.value));
    if (last > told.size() || told.uid_at(last) != range.last.value) --last;
    if (first <= last) add_range(numbers, first, last);
  }
  return numbers;
}

store::UidRanges Session::uids_of(const std::vector<NumberRange>& numbers) const {
  const reading::Snapshot& told = *selected_->told;
  store::UidRanges out;
  for (const NumberRange& range : numbers) {
    // What lies between two neighbours is not there, or came later: only up to the last.
    store::UidRange uids{Uid{told.uid_at(range.first)}, Uid{told.uid_at(range.last)}};
    out.push_back(uids);
  }
  return out;
}

}  // namespace pabal::serve::imap

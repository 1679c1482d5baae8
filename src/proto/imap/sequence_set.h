// Sets of message numbers or UIDs as clients write them: "1:4,7,9:*", "$"
// (RFC 9051 §9 sequence-set, RFC 5182).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/number_ranges.h"

namespace pabal::proto::imap {

inline constexpr uint32_t kStar = 0;  // "*": the highest number there is; numbers begin at 1

struct SequenceSet {
  bool saved = false;  // "$": the result of the last SEARCH RETURN (SAVE); then there are no ranges
  std::vector<NumberRange> ranges;  // as written: "4:2" and "*:4" are allowed
  bool operator==(const SequenceSet&) const = default;
};

// Rising, disjoint and joined where neighbours touch; "*" replaced by `highest`
// (0, an empty mailbox: "*" and what contains it alone drop out).
std::vector<NumberRange> normalize(const SequenceSet& set, uint32_t highest);

// nullopt if it is none. At most kSetRangesMax ranges.
inline constexpr size_t kSetRangesMax = 100'000;
std::optional<SequenceSet> parse_sequence_set(std::string_view text);

// "1:3,7" of rising numbers; "" of none.
std::string format_set(const std::vector<uint32_t>& rising);
std::string format_set(const std::vector<NumberRange>& ranges);

}  // namespace pabal::proto::imap

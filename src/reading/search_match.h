// Whether a message is what a search looks for: from what is known of it so far,
// so that most messages are decided before anything is read. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "reading/search_plan.h"

namespace pabal::reading {

enum class Answer : unsigned char { no, yes, unknown };

// What has been read; what has not leaves the keys that ask for it unknown.
struct KnownTexts {
  std::optional<ThreadId> thread;
  std::optional<int32_t> sent_day;
  std::optional<std::string_view> addresses, header, body;  // as store::SearchText
};

Answer decide(const SearchPlan& plan, const Item& item, const KnownTexts& known);

// How well a message that matches does so, 1 to 100 (RFC 6203 §4): the mean of its
// fuzzy keys. A key scores higher for whole words than for their beginnings, for
// words that stand together, and in a header rather than in a body.
unsigned char relevancy(const SearchPlan& plan, const Item& item, const KnownTexts& known);

}  // namespace pabal::reading

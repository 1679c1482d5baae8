// "Did you mean": words that people mistype.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pabal::app {

// The one of `known` that `word` is nearest to, also as its beginning or with its
// letters swapped; "" when none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace pabal::app

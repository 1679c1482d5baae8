#include "app/suggest.h"

#include <algorithm>

#include "base/bytes.h"

namespace pabal::app {

namespace {

constexpr size_t kWordMax = 64;  // what is longer is no mistyped word
constexpr size_t kBeginningMin = 3;

// Edits (insert, delete, replace, swap of neighbours) between two words.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> rows(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        rows[i][j] = i + j;
        continue;
      }
      size_t replaced = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      rows[i][j] = std::min({rows[i - 1][j] + 1, rows[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.size()][b.size()];
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  std::string lower = to_lower(word.substr(0, kWordMax + 1));
  if (lower.empty() || lower.size() > kWordMax) return "";
  std::string best;
  size_t letters = lower.size() - std::min(lower.size(), lower.find_first_not_of('-'));
  size_t least = 1 + letters / 4;
  for (const std::string& candidate : known) {
    size_t edits = distance(lower, to_lower(candidate));
    // "acc", "accounts": more apart than mistyped words are, and yet meant.
    bool begins = lower.size() >= kBeginningMin && candidate.starts_with(lower);
    if (begins) edits = std::min<size_t>(edits, 1);
    // Words of two letters are all near to each other.
    if (edits > least || edits >= std::max(lower.size(), candidate.size())) continue;
    if (edits == least && !best.empty()) continue;
    best = candidate;
    least = edits;
  }
  return best;
}

}  // namespace pabal::app

#include "bench/load_common.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/bytes.h"

namespace pabal::bench {

std::string LoadArguments::text(const std::string& name, const std::string& otherwise) const {
  auto it = options.find(name);
  return it == options.end() ? otherwise : it->second;
}

int64_t LoadArguments::number(const std::string& name, int64_t otherwise) const {
  auto it = options.find(name);
  return it == options.end() ? otherwise : atoll(it->second.c_str());
}

std::string expand_number(std::string pattern, int64_t n) {
  size_t at = pattern.find("%d");
  return at == std::string::npos ? pattern : pattern.replace(at, 2, std::to_string(n));
}

Percentiles::Percentiles(std::vector<double> values) : sorted_(std::move(values)) {
  std::sort(sorted_.begin(), sorted_.end());
}

double Percentiles::at(double share) const {
  if (sorted_.empty()) return 0;
  return sorted_[static_cast<size_t>(std::ceil(share * static_cast<double>(sorted_.size() - 1)))];
}

std::string json_text(const std::string& text) {
  std::string out;
  for (char c : printable(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace pabal::bench

// MetricsText: numbers for Prometheus, in the text that it reads (exposition
// format 0.0.4).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/histogram.h"

namespace pabal {

class MetricsText {
 public:
  using Labels = std::vector<std::pair<std::string_view, std::string>>;

  // Values of one name are added one behind the other; its help is printed once.
  void counter(std::string_view name, std::string_view help, uint64_t value, const Labels& labels = {});
  void gauge(std::string_view name, std::string_view help, int64_t value, const Labels& labels = {});
  // In seconds, whatever its own unit is.
  void histogram(std::string_view name, std::string_view help, const Histogram& histogram);
  std::string take() { return std::move(text_); }

 private:
  void describe(std::string_view name, std::string_view help, std::string_view type);
  void sample(std::string_view name, const std::string& value, const Labels& labels);

  std::string text_;
  std::string last_name_;
};

}  // namespace pabal

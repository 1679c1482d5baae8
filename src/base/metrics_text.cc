#include "base/metrics_text.h"

namespace pabal {

namespace {

// 1500 -> "0.0015"; whole seconds without a point.
std::string seconds(int64_t us) {
  std::string fraction = std::to_string(1'000'000 + us % 1'000'000).substr(1);
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  return std::to_string(us / 1'000'000) + (fraction.empty() ? "" : "." + fraction);
}

}  // namespace

void MetricsText::describe(std::string_view name, std::string_view help, std::string_view type) {
  if (name == last_name_) return;
  text_ += "# HELP " + std::string(name) + ' ' + std::string(help) + "\n# TYPE " + std::string(name) + ' ' +
           std::string(type) + '\n';
  last_name_ = name;
}

void MetricsText::sample(std::string_view name, const std::string& value, const Labels& labels) {
  text_ += name;
  for (size_t i = 0; i < labels.size(); ++i) {
    text_ += (i == 0 ? "{" : ",") + std::string(labels[i].first) + "=\"";
    for (char c : labels[i].second) {
      if (c == '\\' || c == '"') text_ += '\\';
      if (c == '\n') {
        text_ += "\\n";
      } else {
        text_ += c;
      }
    }
    text_ += '"';
  }
  text_ += (labels.empty() ? " " : "} ") + value + '\n';
}

void MetricsText::counter(std::string_view name, std::string_view help, uint64_t value,
                          const Labels& labels) {
  describe(name, help, "counter");
  sample(name, std::to_string(value), labels);
}

void MetricsText::gauge(std::string_view name, std::string_view help, int64_t value, const Labels& labels) {
  describe(name, help, "gauge");
  sample(name, std::to_string(value), labels);
}

void MetricsText::histogram(std::string_view name, std::string_view help, const Histogram& histogram) {
  describe(name, help, "histogram");
  const std::string n(name);
  uint64_t count = 0;
  for (size_t i = 0; i < Histogram::kBoundsUs.size(); ++i) {
    count += histogram.count(i);
    sample(n + "_bucket", std::to_string(count), {{"le", seconds(Histogram::kBoundsUs[i])}});
  }
  count += histogram.count(Histogram::kBoundsUs.size());
  sample(n + "_bucket", std::to_string(count), {{"le", "+Inf"}});
  sample(n + "_sum", seconds(static_cast<int64_t>(histogram.sum_us())), {});
  sample(n + "_count", std::to_string(count), {});
}

}  // namespace pabal

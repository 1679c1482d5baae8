#include "intake/report_limit.h"

#include "base/bytes.h"

namespace pabal::intake {

namespace {
// Above it the reports are somebody's attack on us, and nobody misses them.
constexpr size_t kAddressesMax = 10'000;
}  // namespace

bool ReportLimit::admit(const std::string& address, Time now) {
  if (now - hour_ >= std::chrono::hours(1) || now < hour_) {
    hour_ = now;
    reports_.clear();
  }
  std::string key = to_lower(address);
  if (reports_.size() >= kAddressesMax && !reports_.contains(key)) return false;
  return ++reports_[key] <= per_hour_;
}

}  // namespace pabal::intake

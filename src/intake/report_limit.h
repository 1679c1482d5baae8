// How many reports of success and delay one address elsewhere gets. Who asks for
// them may have written somebody else's reverse-path; failures are always told,
// since a mail must never end in nothing.
#pragma once

#include <map>
#include <string>

#include "base/time.h"

namespace pabal::intake {

class ReportLimit {
 public:
  explicit ReportLimit(size_t per_hour) : per_hour_(per_hour) {}

  // Counts one more for `address` within the hour; false: too many.
  bool admit(const std::string& address, Time now);

 private:
  size_t per_hour_;
  Time hour_{};                            // when the counts below began
  std::map<std::string, size_t> reports_;  // at most kAddressesMax
};

}  // namespace pabal::intake

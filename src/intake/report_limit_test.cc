#include "intake/report_limit.h"

#include <gtest/gtest.h>

namespace pabal::intake {
namespace {

TEST(ReportLimit, CountsForEachAddressWithinTheHour) {
  ReportLimit limit(2);
  Time now{1'795'233'600'000};
  EXPECT_TRUE(limit.admit("victim@far.test", now));
  EXPECT_TRUE(limit.admit("Victim@far.test", now));
  EXPECT_FALSE(limit.admit("VICTIM@far.test", now + std::chrono::minutes(59)));
  EXPECT_TRUE(limit.admit("other@far.test", now));
  EXPECT_TRUE(limit.admit("victim@far.test", now + std::chrono::hours(1)));
  EXPECT_TRUE(limit.admit("victim@far.test", now)) << "the clock was put back";
}

TEST(ReportLimit, RemembersOnlySoMany) {
  ReportLimit limit(1);
  size_t admitted = 0;
  for (int i = 0; i < 20'000; ++i) admitted += limit.admit(std::to_string(i) + "@far.test", Time{1}) ? 1 : 0;
  EXPECT_LT(admitted, 20'000u);
}

}  // namespace
}  // namespace pabal::intake

#include "queue/schedule.h"

#include <gtest/gtest.h>

namespace pabal::queue {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

TEST(Schedule, FiveFifteenThenEveryThirtyMinutesForFiveDays) {
  QueueOptions options = default_queue_options();
  Time accepted{1'000'000};
  Time now = accepted;
  std::vector<int64_t> at_minutes;
  int attempts = 1;
  while (auto next = next_attempt(options, accepted, attempts, now)) {
    ASSERT_GT(*next, now);
    now = *next;
    ++attempts;
    at_minutes.push_back((now - accepted) / minutes(1));
  }
  ASSERT_GT(at_minutes.size(), 5u);
  EXPECT_EQ(std::vector<int64_t>(at_minutes.begin(), at_minutes.begin() + 5),
            (std::vector<int64_t>{5, 20, 50, 80, 110}));
  // The last attempt is made exactly when the lifetime ends.
  EXPECT_EQ(now - accepted, hours(120));
}

TEST(Schedule, DelayNoticeAfterFourHours) {
  QueueOptions options = default_queue_options();
  EXPECT_FALSE(delay_notice_due(options, Time{0}, Time{0} + hours(4) - Duration(1)));
  EXPECT_TRUE(delay_notice_due(options, Time{0}, Time{0} + hours(4)));
  options.delay_notice_after = Duration(0);
  EXPECT_FALSE(delay_notice_due(options, Time{0}, Time{0} + hours(100)));
}

}  // namespace
}  // namespace pabal::queue

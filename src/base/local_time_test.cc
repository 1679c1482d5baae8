#include "base/local_time.h"

#include <cstdlib>
#include <gtest/gtest.h>
#include <time.h>

namespace pabal {

// Sets the zone of this process for one test.
class LocalTimeTest : public testing::Test {
 protected:
  static void zone(const char* name) {
    setenv("TZ", name, 1);
    tzset();
  }
  void TearDown() override {
    unsetenv("TZ");
    tzset();
  }
};

TEST_F(LocalTimeTest, HasTheOffset) {
  Time t{1'795'253'400'125};  // 2026-11-21T09:30:00.125Z
  zone("KST-9");
  EXPECT_EQ(to_local_text(t), "2026-11-21 18:30:00 +09:00");
  EXPECT_EQ(to_local_rfc3339(t), "2026-11-21T18:30:00.125+09:00");
  zone("NST3:30");
  EXPECT_EQ(to_local_text(t), "2026-11-21 06:00:00 -03:30");
  zone("UTC0");
  EXPECT_EQ(to_local_text(t), "2026-11-21 09:30:00 +00:00");
  EXPECT_EQ(to_local_rfc3339({-1}), "1969-12-31T23:59:59.999+00:00");
}

}  // namespace pabal

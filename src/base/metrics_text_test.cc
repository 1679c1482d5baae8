#include "base/metrics_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pabal {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

TEST(MetricsText, HelpOncePerNameAndLabelsEscaped) {
  MetricsText text;
  text.counter("pabal_a_total", "What a is.", 3, {{"to", "x"}});
  text.counter("pabal_a_total", "What a is.", 4, {{"to", "\"\\\n"}});
  text.gauge("pabal_b", "What b is.", -1);
  EXPECT_EQ(text.take(),
            "# HELP pabal_a_total What a is.\n# TYPE pabal_a_total counter\n"
            "pabal_a_total{to=\"x\"} 3\npabal_a_total{to=\"\\\"\\\\\\n\"} 4\n"
            "# HELP pabal_b What b is.\n# TYPE pabal_b gauge\npabal_b -1\n");
}

TEST(MetricsText, HistogramsAddUpAndAreInSeconds) {
  Histogram histogram;
  for (int64_t us : {0, 100, 101, 250'000, 700'000'000}) histogram.observe(std::chrono::microseconds(us));
  MetricsText text;
  text.histogram("pabal_x_seconds", "What x takes.", histogram);
  std::string out = text.take();
  EXPECT_THAT(out, StartsWith("# HELP pabal_x_seconds What x takes.\n# TYPE pabal_x_seconds histogram\n"
                              "pabal_x_seconds_bucket{le=\"0.0001\"} 2\n"
                              "pabal_x_seconds_bucket{le=\"0.0003\"} 3\n"));
  EXPECT_THAT(out, HasSubstr("{le=\"0.1\"} 3\npabal_x_seconds_bucket{le=\"0.3\"} 4\n"));
  EXPECT_THAT(out, EndsWith("{le=\"600\"} 4\npabal_x_seconds_bucket{le=\"+Inf\"} 5\n"
                            "pabal_x_seconds_sum 700.250201\npabal_x_seconds_count 5\n"));
}

}  // namespace pabal

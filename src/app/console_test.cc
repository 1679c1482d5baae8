#include "app/console.h"

#include <gtest/gtest.h>

namespace pabal::app {

TEST(Table, ColumnsLineUpAlsoUnderHangul) {
  Table table({"NAME", "STATE"});
  table.row({"파발", "ok"});
  table.row({"a-long-name", "held"});
  EXPECT_EQ(table.text(),
            "NAME         STATE\n"
            "파발         ok\n"
            "a-long-name  held\n");
}

TEST(Table, NothingForNoRows) {
  EXPECT_EQ(Table({"NAME"}).text(), "");
}

}  // namespace pabal::app

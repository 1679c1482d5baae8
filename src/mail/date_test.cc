#include "mail/date.h"

#include <gtest/gtest.h>

namespace pabal::mail {
namespace {

std::string normal(std::string_view text) {
  auto date = parse_date(text);
  return date ? format_date(date->time, date->offset_minutes) : "none";
}

TEST(Date, RoundTrip) {
  for (const char* text : {"Sat, 21 Nov 2026 18:30:00 +0900", "Thu, 01 Jan 1970 00:00:00 +0000",
                           "Fri, 31 Dec 1999 23:59:59 -0330"}) {
    EXPECT_EQ(normal(text), text);
  }
  EXPECT_EQ(parse_date("Sat, 21 Nov 2026 18:30:00 +0900")->time.ms, 1795253400000);
}

TEST(Date, ObsoleteAndOddForms) {
  EXPECT_EQ(normal("21 Nov 97 09:55:06 GMT"), "Fri, 21 Nov 1997 09:55:06 +0000");
  EXPECT_EQ(normal("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600"), "Fri, 21 Nov 1997 09:55:06 -0600");
  EXPECT_EQ(normal("Fri, 21 Nov 1997 09:55:06 -0600 (CST (really))"), "Fri, 21 Nov 1997 09:55:06 -0600");
  EXPECT_EQ(normal("Thu,\r\n 13\r\n  Feb 1969 23:32 EST"), "Thu, 13 Feb 1969 23:32:00 -0500");
  EXPECT_EQ(normal("Sat Nov 21 18:30:00 2026"), "Sat, 21 Nov 2026 18:30:00 +0000");
  EXPECT_EQ(normal("21-Nov-2026 18:30:00 +0900"), "Sat, 21 Nov 2026 18:30:00 +0900");
  EXPECT_EQ(normal("Sat, 21 November 2026 18:30:00 GMT+0900"), "Sat, 21 Nov 2026 18:30:00 +0900");
  EXPECT_EQ(normal("Sat, 21 Nov 2026 18:30:00 KST"), "Sat, 21 Nov 2026 18:30:00 +0900");
  EXPECT_EQ(normal("Sat, 21 Nov 126 18:30:00 +09:00"), "Sat, 21 Nov 2026 18:30:00 +0900");
  EXPECT_EQ(normal("Tue, 17 Jul 2012 22:23:35.882 0000"), "Tue, 17 Jul 2012 22:23:35 +0000");
  EXPECT_EQ(normal("Sat, 21 Nov 2026 18:30:00 +9900"), "Sat, 21 Nov 2026 18:30:00 +0000");
  EXPECT_EQ(normal("Wed, 30 Jun 2015 23:59:60 Z"), "Wed, 01 Jul 2015 00:00:00 +0000");
}

TEST(Date, NoDate) {
  for (const char* text :
       {"", "yesterday", "30 Feb 2026 10:00:00 +0000", "((((", "99 Nov 2026", "21 2026 18:30"}) {
    EXPECT_EQ(normal(text), "none") << text;
  }
}

}  // namespace
}  // namespace pabal::mail

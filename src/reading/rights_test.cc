#include "reading/rights.h"

#include <gtest/gtest.h>

namespace pabal::reading {
namespace {

// RFC 4314 §2.1.1
TEST(Rights, KnowTheObsoleteOnes) {
  EXPECT_EQ(Rights("lrswida").text(), "lrswitea");
  EXPECT_EQ(Rights("lrswida").text(true), "lrswitead");
  EXPECT_EQ(Rights("lrswikda").text(true), "lrswikteacd");
  EXPECT_EQ(Rights("c").text(), "kx");
  EXPECT_EQ(Rights("d").text(), "te");
  EXPECT_EQ(Rights::all().text(true), "lrswipkxteacd");
  EXPECT_EQ(Rights("").text(true), "");
}

TEST(Rights, AreLettersOfTheStandard) {
  EXPECT_TRUE(are_rights("lrswipkxteacd"));
  EXPECT_TRUE(are_rights(""));
  for (const char* letters : {"lrQs", "q", "1", "l r", "-l"}) EXPECT_FALSE(are_rights(letters)) << letters;
}

TEST(Rights, AddAndTakeAway) {
  EXPECT_EQ(Rights("lrswi").with(Rights("cda")).text(), "lrswikxtea");
  EXPECT_EQ(Rights("lrswi").without(Rights("wi")).text(), "lrs");
  EXPECT_TRUE(Rights("l").any_of("lr"));
  EXPECT_FALSE(Rights("l").any_of("r"));
  EXPECT_TRUE(Rights().none());
}

// RFC 4314 §2
TEST(Rights, SumUpWhatAnAclSays) {
  const std::vector<store::AclEntry> acl = {
      {"anyone", "lr"}, {"fred@seoul.test", "swi"}, {"-fred@seoul.test", "wr"}, {"-anyone", "i"}};
  EXPECT_EQ(rights_by(acl, "fred@seoul.test").text(), "ls");
  EXPECT_EQ(rights_by(acl, "chris@seoul.test").text(), "lr");
  EXPECT_EQ(rights_by({{"fred@seoul.test", "lr"}}, "chris@seoul.test").text(), "");
}

}  // namespace
}  // namespace pabal::reading

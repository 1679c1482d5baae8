#include "app/suggest.h"

#include <gtest/gtest.h>

namespace pabal::app {

TEST(Suggest, FindsWhatWasMeant) {
  std::vector<std::string> known = {"account", "acl", "alias", "queue", "serve", "send", "check-config"};
  EXPECT_EQ(nearest("acount", known), "account");
  EXPECT_EQ(nearest("accounts", known), "account");
  EXPECT_EQ(nearest("ACCOUNT", known), "account");
  EXPECT_EQ(nearest("acc", known), "account");
  EXPECT_EQ(nearest("quueue", known), "queue");
  EXPECT_EQ(nearest("sevre", known), "serve");
  EXPECT_EQ(nearest("checkconfig", known), "check-config");
  EXPECT_EQ(nearest("check", known), "check-config");
}

TEST(Suggest, SaysNothingOfWhatIsNotNear) {
  std::vector<std::string> known = {"account", "acl", "-n"};
  EXPECT_EQ(nearest("banana", known), "");
  EXPECT_EQ(nearest("", known), "");
  EXPECT_EQ(nearest("x", known), "");
  EXPECT_EQ(nearest(std::string(100'000, 'a'), known), "");
  EXPECT_EQ(nearest("account", {}), "");
}

}  // namespace pabal::app

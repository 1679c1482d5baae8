#include "directory/proven.h"

#include <gtest/gtest.h>

namespace pabal::directory {
namespace {

TEST(Proven, KnowsTheSamePasswordForAWhile) {
  Proven proven(std::string(32, 'k'));
  const AccountId alice{1}, bob{2};
  const Instant now{1'000'000};
  EXPECT_FALSE(proven.knows(alice, "$argon2id$x", "secret", now));
  proven.remember(alice, "$argon2id$x", "secret", now);
  EXPECT_TRUE(proven.knows(alice, "$argon2id$x", "secret", now + std::chrono::minutes(9)));
  EXPECT_FALSE(proven.knows(alice, "$argon2id$x", "secret", now + std::chrono::minutes(11)));
  EXPECT_FALSE(proven.knows(alice, "$argon2id$x", "Secret", now));
  EXPECT_FALSE(proven.knows(bob, "$argon2id$x", "secret", now));
  // The password was changed.
  EXPECT_FALSE(proven.knows(alice, "$argon2id$y", "secret", now));
}

}  // namespace
}  // namespace pabal::directory

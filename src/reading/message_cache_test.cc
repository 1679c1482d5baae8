#include "reading/message_cache.h"

#include <gtest/gtest.h>
#include <string>

namespace pabal::reading {
namespace {

using Texts = MessageCache<std::string>;

void put(Texts& texts, int64_t id, size_t octets) {
  texts.put(MessageId{id}, std::make_shared<const std::string>(std::to_string(id)), octets);
}

TEST(MessageCache, KeepsWhatFits) {
  Texts texts(100'000);
  EXPECT_EQ(texts.find(MessageId{1}), nullptr);
  put(texts, 1, 100);
  put(texts, 2, 100);
  put(texts, 2, 100);
  ASSERT_NE(texts.find(MessageId{1}), nullptr);
  EXPECT_EQ(*texts.find(MessageId{2}), "2");
}

TEST(MessageCache, ForgetsWhatWasNotAskedFor) {
  Texts texts(10'000);
  put(texts, 0, 500);
  int at_hand = 0;
  for (int64_t id = 1; id <= 1000; ++id) {
    put(texts, id, 500);
    ASSERT_NE(texts.find(MessageId{0}), nullptr) << id;  // asked for all the time
  }
  for (int64_t id = 1; id <= 1000; ++id) at_hand += texts.find(MessageId{id}) != nullptr ? 1 : 0;
  EXPECT_GT(at_hand, 0);
  EXPECT_LE(at_hand, 16);
}

TEST(MessageCache, TakesNothingThatWouldPushOutTheRest) {
  Texts texts(1000);
  put(texts, 1, 501);
  EXPECT_EQ(texts.find(MessageId{1}), nullptr);
}

TEST(MessageCache, WhatIsHeldOutlivesIt) {
  Texts texts(1000);
  put(texts, 1, 100);
  std::shared_ptr<const std::string> held = texts.find(MessageId{1});
  for (int64_t id = 2; id < 50; ++id) put(texts, id, 100);
  EXPECT_EQ(texts.find(MessageId{1}), nullptr);
  EXPECT_EQ(*held, "1");
}

}  // namespace
}  // namespace pabal::reading

#include <gtest/gtest.h>

#include "proto/imap/response.h"

namespace pabal::proto::imap {
namespace {

constexpr uint32_t none = mail::Threads::none;

// The first example of RFC 5256 §4 THREAD.
TEST(ThreadText, NestsWhereAThreadSplits) {
  mail::Threads threads;
  threads.nodes = {{2, none, 1},     {3, 2, none},  {6, 3, none}, {4, 4, 5},
                   {23, none, none}, {44, 6, none}, {7, 7, none}, {96, none, none}};
  threads.first_root = 0;
  EXPECT_EQ(thread_text(threads), "(2)(3 6 (4 23)(44 7 96))");
}

TEST(ThreadText, ADummyHasNoNumber) {
  mail::Threads threads;
  threads.nodes = {{0, 1, 3}, {3, none, 2}, {5, none, none}, {7, none, none}};
  threads.first_root = 0;
  EXPECT_EQ(thread_text(threads), "((3)(5))(7)");
  EXPECT_EQ(thread_text({}), "");
}

TEST(ThreadText, DepthIsNoMatter) {
  mail::Threads threads;
  constexpr uint32_t count = 100'000;
  for (uint32_t i = 0; i < count; ++i) threads.nodes.push_back({1, i + 1 < count ? i + 1 : none, none});
  threads.first_root = 0;
  EXPECT_EQ(thread_text(threads).size(), count * 2 + 1);
  // Every node but the last has a sibling behind it that is a leaf.
  threads.nodes.clear();
  for (uint32_t i = 0; i < count; ++i) {
    threads.nodes.push_back({1, i + 1 < count ? 2 * (i + 1) : none, i == 0 ? none : 2 * i + 1});
    threads.nodes.push_back({2, none, none});
  }
  std::string text = thread_text(threads);
  EXPECT_TRUE(text.starts_with("(1 (1 (1 (1 "));
  EXPECT_TRUE(text.ends_with("(2))(2))(2))"));
}

}  // namespace
}  // namespace pabal::proto::imap

#include "serve/imap/list_pattern.h"

#include <gtest/gtest.h>
#include <random>

namespace pabal::serve::imap {
namespace {

bool matches(std::string_view pattern, std::string_view name) {
  return ListPatterns("", {std::string(pattern)}).match(name);
}

// What the RFC says, without regard to time.
bool naive(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] == '*' || pattern[0] == '%') {
    for (size_t taken = 0;; ++taken) {
      if (naive(pattern.substr(1), name.substr(taken))) return true;
      if (taken == name.size() || (pattern[0] == '%' && name[taken] == '/')) return false;
    }
  }
  return !name.empty() && name[0] == pattern[0] && naive(pattern.substr(1), name.substr(1));
}

TEST(ListPattern, MatchesWhatTheRfcSays) {
  EXPECT_TRUE(matches("*", "a/b/c"));
  EXPECT_TRUE(matches("%", "a"));
  EXPECT_FALSE(matches("%", "a/b"));
  EXPECT_TRUE(matches("a/%", "a/b"));
  EXPECT_FALSE(matches("a/%", "a"));
  EXPECT_TRUE(matches("a*", "a/b"));
  EXPECT_TRUE(matches("*2", "baz2/bar22"));
  EXPECT_TRUE(matches("%/bar2", "foo2/bar2"));
  EXPECT_FALSE(matches("%/bar2", "foo2/x/bar2"));
  EXPECT_TRUE(matches("편지/%", "편지/집"));
}

TEST(ListPattern, KnowsInboxInAnyCase) {
  EXPECT_TRUE(matches("inbox", "INBOX"));
  EXPECT_TRUE(matches("InB%", "INBOX"));
  EXPECT_TRUE(matches("inbox/*", "INBOX/done"));
  EXPECT_FALSE(matches("INBOX/DONE", "INBOX/done"));
  EXPECT_FALSE(matches("work", "WORK"));
  EXPECT_FALSE(matches("inboxes", "INBOXES"));
}

TEST(ListPattern, MatchesTheLevelsAboveTheName) {
  ListPatterns patterns("", {"%", "a/b/%"});
  std::vector<char> levels;
  patterns.match_levels("a/b/c/d", levels);
  EXPECT_EQ(levels, (std::vector<char>{1, 0, 1, 0}));
}

TEST(ListPattern, StandsBehindItsReference) {
  ListPatterns patterns("Archive/", {"%"});
  EXPECT_TRUE(patterns.match("Archive/2026"));
  EXPECT_FALSE(patterns.match("Archive"));
  EXPECT_FALSE(patterns.match("INBOX"));
}

TEST(ListPattern, IgnoresEmptyPatterns) {
  EXPECT_FALSE(ListPatterns("Archive", {""}).match("Archive"));
  EXPECT_TRUE(ListPatterns("", {"", "a"}).match("a"));
}

TEST(ListPattern, AgreesWithTheNaiveOne) {
  std::mt19937 random(7);
  auto pick = [&](std::string_view letters, size_t length_max) {
    std::string out;
    size_t length = random() % (length_max + 1);
    for (size_t i = 0; i < length; ++i) out += letters[random() % letters.size()];
    return out;
  };
  for (int round = 0; round < 200'000; ++round) {
    std::string pattern = pick("ab/*%", 7), name = pick("ab/", 8);
    if (pattern.empty() || name.empty()) continue;
    ASSERT_EQ(matches(pattern, name), naive(pattern, name)) << pattern << " against " << name;
  }
}

TEST(ListPattern, WorksAcrossWords) {
  for (size_t length : {62, 63, 64, 65, 127, 128, 129}) {
    std::string name(length, 'a');
    EXPECT_TRUE(matches(name, name));
    EXPECT_TRUE(matches(name + "*", name + "/b"));
    EXPECT_TRUE(matches("%" + name, "b" + name));
    EXPECT_FALSE(matches(name + "a", name));
    EXPECT_FALSE(matches(name, name + "a"));
  }
}

// A backtracking one would take longer than the world has been there.
TEST(ListPattern, HostilePatternsEnd) {
  std::string pattern, name(1000, 'a');
  for (int i = 0; i < 500; ++i) pattern += "a*";
  EXPECT_FALSE(matches(pattern + "b", name));
  EXPECT_TRUE(matches(pattern, name));
  EXPECT_FALSE(matches(std::string(100'000, 'a'), name));
  EXPECT_TRUE(matches(std::string(100'000, '*'), name));
}

}  // namespace
}  // namespace pabal::serve::imap

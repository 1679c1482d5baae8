#include "mail/thread.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <string>

#include "mail/base_subject.h"
#include "mail/link_forest.h"

namespace pabal::mail {
namespace {

// "3 (6 (4) (44))": each node with its children in parentheses; recursion is fine here.
std::string text_of(const Threads& threads, uint32_t node) {
  std::string out;
  for (; node != Threads::none; node = threads.nodes[node].next_sibling) {
    out += '(' + std::to_string(threads.nodes[node].number) +
           text_of(threads, threads.nodes[node].first_child) + ')';
  }
  return out;
}
std::string text_of(const Threads& threads) {
  return text_of(threads, threads.first_root);
}

// Messages numbered from 1, a minute apart; "a", "b" … are Message-IDs.
struct Mail {
  std::string_view id;
  std::vector<std::string_view> references;
  std::string subject = "";
  int64_t at = -1;
};

std::vector<ThreadMessage> messages_of(const std::vector<Mail>& mails, std::vector<std::string>& subjects) {
  std::vector<ThreadMessage> out;
  subjects.reserve(mails.size());
  for (const Mail& mail : mails) {
    auto number = static_cast<uint32_t>(out.size() + 1);
    BaseSubject base = base_subject(mail.subject);
    subjects.push_back(base.text);
    out.push_back({.number = number,
                   .sent_at = {mail.at < 0 ? int64_t{number} * 60'000 : mail.at},
                   .base_subject = subjects.back(),
                   .is_reply = base.is_reply,
                   .message_id = mail.id,
                   .references = mail.references});
  }
  return out;
}

std::string by_references(const std::vector<Mail>& mails) {
  std::vector<std::string> subjects;
  return text_of(thread_by_references(messages_of(mails, subjects)));
}
std::string by_subject(const std::vector<Mail>& mails) {
  std::vector<std::string> subjects;
  return text_of(thread_by_subject(messages_of(mails, subjects)));
}

TEST(ThreadBySubject, TheFirstIsAboveTheOthers) {
  EXPECT_EQ(by_subject({}), "");
  EXPECT_EQ(by_subject({{"", {}, "x"}, {"", {}, "y"}, {"", {}, "Re: x"}, {"", {}, "x"}, {"", {}, "Re: y"}}),
            "(1(3)(4))(2(5))");
  EXPECT_EQ(by_subject({{"", {}, "x", 30}, {"", {}, "Re: x", 10}, {"", {}, "y", 20}, {"", {}, "x", 10}}),
            "(2(4)(1))(3)");
}

TEST(ThreadByReferences, Chains) {
  EXPECT_EQ(by_references({}), "");
  EXPECT_EQ(by_references({{"a", {}}, {"b", {"a"}}, {"c", {"a", "b"}}, {"d", {"a"}}}), "(1(2(3))(4))");
  EXPECT_EQ(by_references({{"c", {"a", "b"}}, {"b", {"a"}}, {"a", {}}}), "(3(2(1)))");
}

TEST(ThreadByReferences, SiblingsAreByDateThenNumber) {
  EXPECT_EQ(by_references({{"a", {}, "", 50},
                           {"b", {"a"}, "", 40},
                           {"c", {"a"}, "", 30},
                           {"d", {"a"}, "", 40},
                           {"e", {}, "", 10}}),
            "(5)(1(3)(2)(4))");
}

// The second example of RFC 5256 §4 THREAD.
TEST(ThreadByReferences, ADummyStandsOnlyAboveSeveral) {
  EXPECT_EQ(by_references({{"a", {"x"}}, {"b", {"x"}}}), "(0(1)(2))");
  EXPECT_EQ(by_references({{"a", {"x"}}}), "(1)");
  EXPECT_EQ(by_references({{"a", {"x", "y"}}, {"b", {"x", "z"}}}), "(0(1)(2))");
  EXPECT_EQ(by_references({{"a", {}}, {"b", {"a", "x", "y"}}}), "(1(2))");
  EXPECT_EQ(by_references({{"a", {}}, {"b", {"a", "x"}}, {"c", {"a", "x"}}}), "(1(2)(3))");
}

TEST(ThreadByReferences, TheFirstKeepsADuplicateId) {
  EXPECT_EQ(by_references({{"a", {}}, {"a", {}}, {"b", {"a"}}}), "(1(3))(2)");
  EXPECT_EQ(by_references({{"", {}}, {"", {}}, {"b", {""}}}), "(1)(2)(3)");
  EXPECT_EQ(by_references({{"a", {}}, {"a", {"a"}}}), "(1(2))");
}

TEST(ThreadByReferences, LoopsAreNotClosed) {
  EXPECT_EQ(by_references({{"a", {"a"}}}), "(1)");
  EXPECT_EQ(by_references({{"a", {"b"}}, {"b", {"a"}}}), "(2(1))");
  EXPECT_EQ(by_references({{"a", {"b", "a", "b", "a"}}}), "(1)");
  EXPECT_EQ(by_references({{"a", {"b"}}, {"b", {"c"}}, {"c", {"a"}}}), "(3(2(1)))");
}

TEST(ThreadByReferences, OwnReferencesBreakWhatOthersSaid) {
  // 1 says that b follows a; b itself says that it follows c.
  EXPECT_EQ(by_references({{"x", {"a", "b"}}, {"b", {"c"}}, {"a", {}}, {"c", {}}}), "(3)(4(2(1)))");
  EXPECT_EQ(by_references({{"x", {"a", "b"}}, {"b", {}}, {"a", {}}}), "(2(1))(3)");
}

TEST(ThreadByReferences, EqualSubjectsAreMerged) {
  // A reply goes below what is none.
  EXPECT_EQ(by_references({{"a", {}, "x"}, {"b", {}, "Re: x"}, {"c", {}, "RE: x"}}), "(1(2)(3))");
  EXPECT_EQ(by_references({{"b", {}, "Re: x"}, {"a", {}, "x"}}), "(2(1))");
  // Two that are alike get a dummy above them.
  EXPECT_EQ(by_references({{"a", {}, "x"}, {"b", {}, "x"}, {"c", {}, "Re: x"}}), "(0(1)(2)(3))");
  EXPECT_EQ(by_references({{"a", {}, "Re: x"}, {"b", {}, "Re: x"}}), "(0(1)(2))");
  EXPECT_EQ(by_references({{"c", {}, "Re: x"}, {"a", {}, "x"}, {"b", {}, "x"}}), "(0(2(1))(3))");
  // Dummies are joined, and others come below one.
  EXPECT_EQ(by_references({{"a", {"p"}, "x"}, {"b", {"p"}, "x"}, {"c", {"q"}, "x"}, {"d", {"q"}, "x"}}),
            "(0(1)(2)(3)(4))");
  EXPECT_EQ(by_references({{"z", {}, "x"}, {"a", {"p"}, "x"}, {"b", {"p"}, "y"}, {"c", {}, "Re: x"}}),
            "(0(1)(2)(3)(4))");
  // No subject says nothing.
  EXPECT_EQ(by_references({{"a", {}, ""}, {"b", {}, "Re:"}}), "(1)(2)");
}

TEST(ThreadByReferences, ManyMessagesInOneLineOrUnderOneRoot) {
  constexpr uint32_t count = 100'000;
  std::vector<std::string> ids;
  for (uint32_t i = 0; i < count; ++i) ids.push_back("id" + std::to_string(i));
  std::vector<ThreadMessage> line(count), star(count);
  for (uint32_t i = 0; i < count; ++i) {
    line[i] = star[i] = {.number = i + 1, .sent_at = {i}, .message_id = ids[i]};
    if (i > 0) line[i].references = {ids[i - 1]};
    if (i > 0) star[i].references = {ids[0]};
  }
  Threads threads = thread_by_references(line);
  uint32_t depth = 0;
  for (uint32_t at = threads.first_root; at != Threads::none; at = threads.nodes[at].first_child) ++depth;
  EXPECT_EQ(depth, count);
  threads = thread_by_references(star);
  uint32_t width = 0;
  for (uint32_t at = threads.nodes[threads.first_root].first_child; at != Threads::none;
       at = threads.nodes[at].next_sibling)
    ++width;
  EXPECT_EQ(width, count - 1);
}

// Long lines are moved as a whole below another long line, again and again: asking
// for loops step by step upwards would take hours.
TEST(ThreadByReferences, HostileReferencesStayFast) {
  constexpr uint32_t count = 30'000;
  std::vector<std::string> a, b;
  for (uint32_t i = 0; i < count; ++i) {
    a.push_back("a" + std::to_string(i));
    b.push_back("b" + std::to_string(i));
  }
  ThreadMessage first{.number = 1, .message_id = "first"}, second{.number = 2, .message_id = "second"};
  first.references.assign(a.begin(), a.end());
  second.references.assign(b.begin(), b.end());
  std::vector<ThreadMessage> messages = {first, second};
  for (uint32_t i = 0; i < count; ++i) {
    messages.push_back({.number = i + 3, .message_id = a[i], .references = {b.back()}});
  }
  Threads threads = thread_by_references(messages);
  EXPECT_EQ(threads.nodes.size(), count + 3);  // a dummy above all that follows b's line
}

TEST(LinkForest, AgreesWithWalkingUp) {
  std::minstd_rand random(7);
  constexpr uint32_t size = 60;
  LinkForest forest(size);
  std::vector<uint32_t> parent(size, LinkForest::none);
  auto root = [&](uint32_t node) {
    while (parent[node] != LinkForest::none) node = parent[node];
    return node;
  };
  for (int step = 0; step < 20'000; ++step) {
    uint32_t a = random() % size, b = random() % size;
    ASSERT_EQ(forest.root(a), root(a));
    if (parent[a] != LinkForest::none && random() % 3 == 0) {
      forest.cut(a);
      parent[a] = LinkForest::none;
    } else if (parent[a] == LinkForest::none && root(b) != a) {
      forest.link(a, b);
      parent[a] = b;
    }
    ASSERT_EQ(forest.parent(a), parent[a]);
    ASSERT_EQ(forest.has_children(b), std::ranges::find(parent, b) != parent.end());
  }
}

}  // namespace
}  // namespace pabal::mail

#include "mail/base_subject.h"

#include <gtest/gtest.h>

namespace pabal::mail {
namespace {

void expect(std::string_view subject, std::string_view text, bool is_reply) {
  BaseSubject base = base_subject(subject);
  EXPECT_EQ(base.text, text) << subject;
  EXPECT_EQ(base.is_reply, is_reply) << subject;
  BaseSubject again = base_subject(base.text);
  EXPECT_EQ(again.text, text);
  EXPECT_FALSE(again.is_reply);
}

TEST(BaseSubject, RepliesAndForwards) {
  expect("Hello", "Hello", false);
  expect("Re: Hello", "Hello", true);
  expect("RE:Hello", "Hello", true);
  expect("re : re:  Fw: FWD:Hello", "Hello", true);
  expect("Re[2]: Hello", "Hello", true);
  expect("Re [2] : Hello", "Hello", true);
  expect("Hello (fwd)", "Hello", true);
  expect("Hello (fwd)  (FWD) ", "Hello", true);
  expect("[Fwd: Hello]", "Hello", true);
  expect("[fwd: [Fwd: Re: Hello (fwd)]]", "Hello", true);
  expect("Re:", "", true);
  expect("", "", false);
  expect(" \t ", "", false);
}

TEST(BaseSubject, Blobs) {
  expect("[list] Hello", "Hello", false);
  expect("[list] [more] Re: [list] Hello", "Hello", true);
  expect("[list]Re: Hello", "Hello", true);
  expect("[list]", "[list]", false);
  expect("[a] [b]", "[b]", false);
  expect("Re: [a]", "[a]", true);
  expect("[a [b] Hello", "[a [b] Hello", false);
  expect("[fwd: Hello] more", "more", false);
}

TEST(BaseSubject, WhatIsNoMark) {
  expect("Reply: x", "Reply: x", false);
  expect("Re x", "Re x", false);
  expect("Forward: x", "Forward: x", false);
  expect("답장: 안녕", "답장: 안녕", false);
  expect("Re: 회의 일정", "회의 일정", true);
  expect("x (fwd) y", "x (fwd) y", false);
  expect("[fwd: x", "[fwd: x", false);
}

TEST(BaseSubject, BlanksAreOne) {
  expect("  two \t words\r\n here ", "two words here", false);
}

// Each of these would take minutes if any step were quadratic.
TEST(BaseSubject, LongOnesAreLinear) {
  auto repeat = [](std::string_view piece, size_t times) {
    std::string out;
    for (size_t i = 0; i < times; ++i) out += piece;
    return out;
  };
  constexpr size_t times = 200'000;
  expect(repeat("re:", times) + "x", "x", true);
  expect(repeat("[a]", times), "[a]", false);
  expect(repeat("[a]", times) + "x", "x", false);
  expect(repeat("[fwd:", times) + repeat("]", times), "", true);
  expect("x" + repeat("(fwd)", times), "x", true);
  EXPECT_EQ(base_subject(repeat("[", times)).text.size(), times);
  EXPECT_EQ(base_subject(repeat("re[", times)).text.size(), times * 3);
}

}  // namespace
}  // namespace pabal::mail

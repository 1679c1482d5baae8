#include "proto/smtp/data.h"

#include <gtest/gtest.h>

namespace pabal::proto::smtp {
namespace {

struct Read {
  std::string message;
  size_t consumed = 0;
  bool done = false;
  bool bare = false;
  bool too_big = false;
};

Read read(std::string_view bytes, size_t chunk, uint64_t size_max = 1 << 20) {
  DataReader reader(size_max);
  Read result;
  while (!bytes.empty() && !result.done) {
    auto progress = reader.feed(bytes.substr(0, chunk), result.message);
    result.consumed += progress.consumed;
    result.done = progress.done;
    bytes.remove_prefix(progress.consumed);
  }
  result.bare = reader.has_bare_line_end();
  result.too_big = reader.too_big();
  return result;
}

TEST(DataReader, EndsOnlyAtCrlfDotCrlf) {
  for (size_t chunk : {1, 2, 3, 5, 1000}) {
    Read r = read("Subject: x\r\n\r\n..dot\r\n.a\r\nend\r\n.\r\nQUIT\r\n", chunk);
    EXPECT_TRUE(r.done);
    EXPECT_FALSE(r.bare);
    EXPECT_EQ(r.message, "Subject: x\r\n\r\n.dot\r\na\r\nend\r\n");
    EXPECT_EQ(r.consumed, 33u);
    Read empty = read(".\r\nQUIT", chunk);
    EXPECT_TRUE(empty.done);
    EXPECT_EQ(empty.message, "");
  }
}

// The ways in which one message has been smuggled inside another.
TEST(DataReader, SmugglingIsSeenAndDoesNotEndTheMessage) {
  for (std::string_view trick :
       {"a\n.\r\nb\r\n.\r\n", "a\r\n.\nb\r\n.\r\n", "a\n.\nb\r\n.\r\n", "a\r.\r\nb\r\n.\r\n",
        "a\r.\rb\r\n.\r\n", "a\r\n.\rb\r\n.\r\n", "a\r\r\n.\r\r\nb\r\n.\r\n", "\n.\r\nb\r\n.\r\n",
        "ab\r\r\nb\r\n.\r\n", ".\rb\r\n.\r\n"}) {
    for (size_t chunk : {1, 2, 3, 1000}) {
      Read r = read(trick, chunk);
      EXPECT_TRUE(r.bare) << trick;
      EXPECT_TRUE(r.done) << trick;
      EXPECT_EQ(r.consumed, trick.size()) << trick << " in chunks of " << chunk;
    }
  }
}

TEST(DataReader, SizeLimitReadsOnToTheEnd) {
  std::string text(5000, 'x');
  Read r = read(text + "\r\n.\r\n", 100, 1000);
  EXPECT_TRUE(r.done);
  EXPECT_TRUE(r.too_big);
  EXPECT_LE(r.message.size(), 1000u);
  Read exact = read("12345678\r\n.\r\n", 3, 10);
  EXPECT_FALSE(exact.too_big);
  EXPECT_EQ(exact.message, "12345678\r\n");
}

// Whole blocks are passed over without a look at their lines: what is special
// must be seen wherever in a block it falls.
TEST(DataReader, LongTextsAreReadAlikeInAnyChunks) {
  for (size_t shift = 0; shift < 90; ++shift) {
    std::string clean(shift, 'y');
    while (clean.size() < 10'000) clean += "\r\n" + std::string(clean.size() % 83, 'x') + "\r\n..z";
    clean += "\r\n.\r\n";
    Read whole = read(clean, clean.size());
    EXPECT_TRUE(whole.done);
    EXPECT_FALSE(whole.bare);
    EXPECT_EQ(whole.message, read(clean, 1).message);
    EXPECT_EQ(dot_stuff(whole.message), clean);

    std::string plain(4096 - 45 + shift, 'x');
    for (std::string_view odd : {"\n", "\r", "\r\r\n", "\r\r", "\r\n.\n", "\n.\r\n"}) {
      Read r = read(plain + std::string(odd) + plain + "\r\n.\r\n", 1 << 20);
      EXPECT_TRUE(r.bare);
      EXPECT_TRUE(r.done);
    }
    Read crlf = read(plain + "\r\n" + plain + "\r\n.\r\nX", 1 << 20);
    EXPECT_FALSE(crlf.bare);
    EXPECT_EQ(crlf.message, plain + "\r\n" + plain + "\r\n");
  }
}

TEST(DataReader, NulAndEightBitPass) {
  std::string_view text("a\0b\xff\r\n.\r\n", 9);
  EXPECT_EQ(read(text, 2).message, std::string_view("a\0b\xff\r\n", 6));
}

TEST(DotStuff, RoundTrips) {
  for (std::string_view message : {"", ".\r\n", "..\r\n", "a\r\n.\r\n.b\r\n\r\n.\r\n", "no end", ".x"}) {
    std::string wire = dot_stuff(message);
    Read r = read(wire, 2);
    EXPECT_TRUE(r.done);
    EXPECT_EQ(r.consumed, wire.size());
    std::string expected(message);
    if (!expected.empty() && !expected.ends_with("\r\n")) expected += "\r\n";
    EXPECT_EQ(r.message, expected);
  }
}

TEST(WithCrlfLineEnds, MakesThemSo) {
  auto made = [](std::string_view message, bool stuffed = false) {
    std::string out = with_crlf_line_ends(message, stuffed);
    EXPECT_TRUE(has_only_crlf(out)) << message;
    return out;
  };
  EXPECT_EQ(made("a\nb\r\nc\r\r\nd\re\r\r\r\nf"), "a\r\nb\r\nc\r\nd\r\ne\r\nf");
  EXPECT_EQ(made("a\n\nb\n\r\n"), "a\r\n\r\nb\r\n\r\n");
  EXPECT_EQ(made("a\r\rb\r"), "a\r\n\r\nb\r\n");
  EXPECT_EQ(made("clean\r\n..\r\n"), "clean\r\n..\r\n");
  EXPECT_EQ(made(""), "");
  // Only who takes a bare LF for a line end stuffs behind it.
  EXPECT_EQ(made("a\n..b\n.c\r\n..d\n", true), "a\r\n.b\r\n.c\r\n..d\r\n");
  EXPECT_EQ(made("a\n..b\n", false), "a\r\n..b\r\n");
  made(std::string(1'000'000, '\r'));
}

// The text of a smuggled message stays inside: it is kept, and its end is the real one.
TEST(DataReader, KeepsTextWithBareLineEnds) {
  for (size_t chunk : {1, 2, 3, 1000}) {
    Read r = read("a\n.\nMAIL FROM:<x>\r\n.\r\n", chunk);
    EXPECT_TRUE(r.bare);
    EXPECT_EQ(r.message, "a\n.\nMAIL FROM:<x>\r\n");
    EXPECT_EQ(read("a\rb\r\r\n.\r\n", chunk).message, "a\rb\r\r\n");
  }
}

TEST(HasOnlyCrlf, Finds) {
  EXPECT_TRUE(has_only_crlf(""));
  EXPECT_TRUE(has_only_crlf("a\r\nb\r\n"));
  EXPECT_TRUE(has_only_crlf("a\r\nb"));
  for (auto bad : {"a\nb", "a\rb", "a\r\r\nb", "\n", "\r", "a\r\n\r"})
    EXPECT_FALSE(has_only_crlf(bad)) << bad;
}

}  // namespace
}  // namespace pabal::proto::smtp

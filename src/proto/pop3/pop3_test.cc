#include <gtest/gtest.h>

#include "proto/pop3/command.h"
#include "proto/pop3/response_parser.h"

namespace pabal::proto::pop3 {
namespace {

template <class C>
C parsed(std::string_view line) {
  auto command = parse_command(line);
  if (command && std::holds_alternative<C>(*command)) return std::get<C>(*command);
  ADD_FAILURE() << line << " became " << (command ? verb(*command) : "a syntax error");
  return C{};
}

TEST(Pop3Command, Commands) {
  EXPECT_EQ(parsed<User>("USER alice@seoul.test ").name, "alice@seoul.test");
  EXPECT_EQ(parsed<Pass>("pass two words ").password, "two words ");
  EXPECT_EQ(parsed<Retr>("retr 3").number, 3u);
  EXPECT_EQ(parsed<Dele>("DELE 4294967295").number, UINT32_MAX);
  EXPECT_FALSE(parsed<List>("LIST").number);
  EXPECT_EQ(parsed<List>("LIST 2 ").number, 2u);
  EXPECT_EQ(parsed<Uidl>("UIDL 2").number, 2u);
  EXPECT_EQ(parsed<Top>("TOP 1 0").lines, 0u);
  EXPECT_EQ(parsed<Auth>("AUTH").mechanism, "");
  EXPECT_EQ(parsed<Auth>("auth plain =").initial_response, "");
  EXPECT_EQ(parsed<Auth>("AUTH PLAIN " + std::string(1000, 'A')).initial_response->size(), 1000u);
  EXPECT_EQ(parsed<Lang>("LANG ko").tag, "ko");
  EXPECT_FALSE(parsed<Lang>("LANG").tag);
  parsed<Apop>("APOP mrose c4c9334bac560ecc979e58001b3e22fb");
  parsed<Stat>("STAT");
  parsed<Capa>("capa");
  parsed<Stls>("STLS");
  parsed<Utf8>("UTF8");
  parsed<Noop>("NOOP");
  parsed<Rset>("RSET");
  parsed<Quit>("QUIT ");
}

TEST(Pop3Command, Refusals) {
  const std::pair<std::string_view, Fault> bad[] = {
      {"", Fault::unknown_command},
      {"FROB", Fault::unknown_command},
      {"USER", Fault::wants_name},
      {"USER  ", Fault::wants_name},
      {"PASS", Fault::wants_password},
      {"RETR", Fault::wants_number},
      {"RETR 0", Fault::wants_number},
      {"RETR -1", Fault::wants_number},
      {"RETR x", Fault::wants_number},
      {"RETR 1 2", Fault::wants_number},
      {"RETR 4294967296", Fault::wants_number},
      {"dele x", Fault::wants_number},
      {"LIST x", Fault::wants_number_or_nothing},
      {"TOP 1", Fault::wants_number_and_lines},
      {"TOP 0 1", Fault::wants_number_and_lines},
      {"TOP 1 2 3", Fault::wants_number_and_lines},
      {"STAT 1", Fault::takes_no_argument},
      {"QUIT now", Fault::takes_no_argument},
      {"AUTH A B C", Fault::wants_mechanism},
      {"LANG a/b", Fault::wants_language},
      {"NOOP\r", Fault::bare_line_end},
      {std::string_view("PASS a\0b", 8), Fault::bare_line_end},
      {"USER \xff", Fault::not_utf8},
  };
  for (const auto& [line, fault] : bad) {
    auto command = parse_command(line);
    ASSERT_FALSE(command) << line;
    EXPECT_EQ(command.error().fault, fault) << line;
  }
  EXPECT_EQ(parse_command("dele x").error().verb, "DELE");
  EXPECT_EQ(parse_command("PASS " + std::string(kCommandLineMax, 'x')).error().fault, Fault::line_too_long);
}

TEST(Pop3Status, Lines) {
  StatusParser parser;
  std::string_view bytes = "+OK 2 320\r\n-ERR [IN-USE] locked\r\n+ dGVzdA==\r\n+ \n-ERR\r\n";
  auto first = parser.feed(bytes);
  ASSERT_TRUE(first && *first);
  EXPECT_TRUE((*first)->ok);
  EXPECT_EQ((*first)->text, "2 320");
  auto second = parser.feed(bytes);
  ASSERT_TRUE(second && *second);
  EXPECT_FALSE((*second)->ok);
  EXPECT_EQ((*second)->code, "IN-USE");
  EXPECT_EQ((*second)->text, "locked");
  auto third = parser.feed(bytes);
  ASSERT_TRUE(third && *third);
  EXPECT_TRUE((*third)->is_challenge);
  EXPECT_EQ((*third)->text, "dGVzdA==");
  EXPECT_TRUE((*parser.feed(bytes))->is_challenge);
  EXPECT_EQ((*parser.feed(bytes))->text, "");
  EXPECT_TRUE(bytes.empty());

  std::string_view half = "+O";
  auto more = parser.feed(half);
  ASSERT_TRUE(more);
  EXPECT_FALSE(*more);
  std::string_view rest = "K\r\n";
  EXPECT_TRUE((*parser.feed(rest))->ok);
}

TEST(Pop3Status, Errors) {
  for (std::string bad : {"HTTP/1.1 200\r\n", "+OKAY\r\n", "\r\n", "* OK\r\n"}) {
    StatusParser parser;
    std::string_view bytes = bad;
    EXPECT_FALSE(parser.feed(bytes)) << bad;
  }
  StatusParser parser;
  std::string long_line = "+OK " + std::string(kStatusLineMax, 'x');
  std::string_view bytes = long_line;
  EXPECT_EQ(parser.feed(bytes).error(), ResponseError::line_too_long);
}

std::string body_of(std::string_view bytes, size_t chunk, std::string_view& left) {
  BodyReader reader(10'000);
  std::string body;
  while (!bytes.empty()) {
    std::string_view piece = bytes.substr(0, chunk);
    size_t given = piece.size();
    auto done = reader.feed(piece, body);
    bytes.remove_prefix(given - piece.size());
    if (done && *done) break;
    EXPECT_TRUE(done && piece.empty());
  }
  left = bytes;
  return body;
}

TEST(Pop3Body, UnstuffsAndEnds) {
  for (size_t chunk : {1, 2, 3, 1000}) {
    std::string_view left;
    EXPECT_EQ(body_of("a\r\n..b\r\nc\nd\re\r\n.x\r\n.\r\n+OK", chunk, left), "a\r\n.b\r\nc\r\nd\re\r\nx\r\n");
    EXPECT_EQ(left, "+OK");
    EXPECT_EQ(body_of(".\r\n", chunk, left), "");
    EXPECT_EQ(body_of("a\n.\n+", chunk, left), "a\r\n");
    EXPECT_EQ(left, "+");
  }
}

TEST(Pop3Body, SizeLimit) {
  BodyReader reader(10);
  std::string body;
  std::string_view bytes = "12345678901\r\n.\r\n";
  EXPECT_EQ(reader.feed(bytes, body).error(), ResponseError::too_big);
}

}  // namespace
}  // namespace pabal::proto::pop3

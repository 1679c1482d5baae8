#include "proto/smtp/reply.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "proto/smtp/capabilities.h"
#include "proto/smtp/replies.h"
#include "proto/smtp/reply_parser.h"
#include "proto/smtp/status.h"

namespace pabal::proto::smtp {
namespace {

TEST(Status, ParsesAndFormats) {
  EXPECT_EQ(parse_status("5.1.1"), (EnhancedStatus{5, 1, 1}));
  EXPECT_EQ(to_text(EnhancedStatus{4, 7, 11}), "4.7.11");
  for (auto bad : {"", "5", "5.1", "5.1.", "3.1.1", "5.01.1", "5.1.1000", "5.1.1 ", "55.1.1"})
    EXPECT_FALSE(parse_status(bad)) << bad;
  std::string_view rest;
  EXPECT_TRUE(parse_leading_status("2.1.5 fine", rest));
  EXPECT_EQ(rest, "fine");
  EXPECT_FALSE(parse_leading_status("2.1.5fine", rest));
}

TEST(Reply, WireForm) {
  EXPECT_EQ(to_wire({250, "2.1.5", {"one", "two"}}), "250-2.1.5 one\r\n250 2.1.5 two\r\n");
  EXPECT_EQ(to_wire({354, "", {}}), "354 \r\n");
  EXPECT_EQ(to_wire({550, "5.0.0", {"a\r\n250 forged"}}), "550 5.0.0 a??250 forged\r\n");
  std::string longest = to_wire({550, "5.1.1", {std::string(2000, 'x')}});
  EXPECT_EQ(longest.size(), kReplyLineMax);
  std::string korean;
  while (korean.size() < 600) korean += "\xed\x95\x9c";
  std::string cut = to_wire({550, "5.1.1", {korean}});
  EXPECT_LE(cut.size(), kReplyLineMax);
  EXPECT_TRUE(is_utf8(cut));
}

TEST(Replies, AreWellFormedAndReadBack) {
  Capabilities offered;
  for (const Reply& reply :
       {replies::greeting("mx.test"), replies::ehlo("mx.test", offered), replies::help("mx.test"),
        replies::closing("mx.test"), replies::idle_timeout("mx.test"), replies::accepted("X1"),
        replies::too_big(1000), replies::no_such_user("a@b.test"), replies::relay_denied("a@b.test"),
        replies::start_data(), replies::auth_needs_tls(), replies::auth_challenge("")}) {
    std::string wire = to_wire(reply);
    std::string_view rest = wire;
    ReplyParser parser;
    auto back = parser.feed(rest);
    ASSERT_TRUE(back && *back) << wire;
    EXPECT_EQ(**back, reply) << wire;
    EXPECT_TRUE(rest.empty());
    if (auto status = parse_status(reply.enhanced)) {
      EXPECT_EQ(status->status_class, reply.code / 100) << wire;
    }
  }
}

TEST(ReplyParser, ByteByByteAndPipelined) {
  std::string wire = "220 mx.test ESMTP\r\n250-mx.test\r\n250-SIZE 1000\r\n250 DSN\r\n250 2.1.0 ok\n354\r\n";
  ReplyParser parser;
  std::vector<Reply> replies;
  for (char c : wire) {
    std::string_view one(&c, 1);
    auto fed = parser.feed(one);
    ASSERT_TRUE(fed);
    if (*fed) replies.push_back(**fed);
  }
  EXPECT_FALSE(parser.in_reply());
  std::vector<Reply> at_once;
  ReplyParser second;
  std::string_view rest = wire;
  while (!rest.empty()) {
    auto fed = second.feed(rest);
    ASSERT_TRUE(fed && *fed);
    at_once.push_back(**fed);
  }
  EXPECT_EQ(replies, at_once);
  ASSERT_EQ(replies.size(), 4u);
  EXPECT_EQ(replies[1].lines.size(), 3u);
  EXPECT_EQ(replies[2], (Reply{250, "2.1.0", {"ok"}}));
  EXPECT_EQ(replies[3].code, 354);
}

TEST(ReplyParser, EnhancedCodeOfAnotherClassStaysText) {
  ReplyParser parser;
  std::string_view wire = "250 5.1.1 strange\r\n";
  auto fed = parser.feed(wire);
  ASSERT_TRUE(fed && *fed);
  EXPECT_EQ((*fed)->enhanced, "");
  EXPECT_EQ((*fed)->text(), "5.1.1 strange");
}

TEST(ReplyParser, RefusesWhatIsNoReply) {
  auto error = [](std::string bytes) -> std::string {
    ReplyParser parser;
    std::string_view rest = bytes;
    auto fed = parser.feed(rest);
    if (fed) return "none";
    EXPECT_FALSE(parser.feed(rest)) << "an error must last";
    return std::string(to_text(fed.error()));
  };
  EXPECT_EQ(error("hello\r\n"), to_text(ReplyError::not_a_reply));
  EXPECT_EQ(error("199 x\r\n"), to_text(ReplyError::not_a_reply));
  EXPECT_EQ(error("2500 x\r\n"), to_text(ReplyError::not_a_reply));
  EXPECT_EQ(error("\r\n"), to_text(ReplyError::not_a_reply));
  EXPECT_EQ(error("250 " + std::string(kPeerReplyOctetsMax, 'x')), to_text(ReplyError::too_long));
  std::string endless;
  while (endless.size() <= kPeerReplyOctetsMax) endless += "250-x\r\n";
  EXPECT_EQ(error(endless), to_text(ReplyError::too_long));
}

// What servers say that hold themselves to no grammar.
TEST(ReplyParser, TakesOddReplies) {
  auto read = [](std::string bytes) {
    ReplyParser parser;
    std::string_view rest = bytes;
    auto fed = parser.feed(rest);
    EXPECT_TRUE(rest.empty()) << bytes;
    return fed && *fed ? **fed : Reply{};
  };
  EXPECT_EQ(read("220-mx.test\r\n521 5.3.2 takes no mail\r\n"),
            (Reply{521, "5.3.2", {"mx.test", "takes no mail"}}));
  EXPECT_EQ(read("250-a\r\n251 b\r\n"), (Reply{251, "", {"a", "b"}}));
  EXPECT_EQ(read("250ok\r\n"), (Reply{250, "", {"ok"}}));
  EXPECT_EQ(read("250\tok\r\n"), (Reply{250, "", {"ok"}}));
  EXPECT_EQ(read("250\n"), (Reply{250, "", {""}}));
  EXPECT_EQ(read("550-no,\r\nsee http://x.test/\r\n550 5.7.1 go away\r\n"),
            (Reply{550, "5.7.1", {"no,", "see http://x.test/", "go away"}}));

  std::string many;
  for (int i = 0; i < 500; ++i) many += "220-line " + std::to_string(i) + "\r\n";
  Reply banner = read(many + "220 mx.test\r\n");
  ASSERT_EQ(banner.lines.size(), 501u);
  EXPECT_EQ(banner.lines[499], "line 499");

  Reply wide = read("550 " + std::string(10'000, 'x') + "\r\n");
  EXPECT_EQ(wide.code, 550);
  EXPECT_GT(wide.text().size(), 4000u);
  std::string big;
  for (int i = 0; i < 40; ++i) big += "550-" + std::string(4000, 'x') + "\r\n";
  Reply cut = read(big + "550 5.7.1 that was it\r\n");
  EXPECT_EQ(cut.lines.back(), "that was it");
  EXPECT_LE(cut.text().size(), kPeerReplyKeptMax + 100);
}

TEST(Capabilities, RoundTrip) {
  Capabilities offered{.host = "mx.test",
                       .size = true,
                       .size_max = 50'000'000,
                       .pipelining = true,
                       .eight_bit_mime = true,
                       .smtputf8 = true,
                       .chunking = true,
                       .binary_mime = true,
                       .enhanced_status_codes = true,
                       .dsn = true,
                       .start_tls = true,
                       .auth = {"SCRAM-SHA-256", "PLAIN"},
                       .limits = {.rcpt_max = 1000, .mail_max = 100},
                       .help = true};
  EXPECT_EQ(parse_capabilities(replies::ehlo("mx.test", offered)), offered);
}

TEST(Capabilities, ReadsWhatOldServersSay) {
  Capabilities read = parse_capabilities({250,
                                          "",
                                          {"old.test greets you", "AUTH=LOGIN PLAIN", "auth LOGIN", "Size 0",
                                           "X-UNKNOWN y", "LIMITS RCPTMAX=0 A"}});
  EXPECT_EQ(read.host, "old.test");
  EXPECT_EQ(read.auth, (std::vector<std::string>{"LOGIN", "PLAIN"}));
  EXPECT_TRUE(read.size);
  EXPECT_FALSE(read.size_max);
  EXPECT_EQ(read.limits, Limits{});
}

}  // namespace
}  // namespace pabal::proto::smtp

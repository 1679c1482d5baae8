#include "sim/dialogue.h"

#include <gtest/gtest.h>

#include "io/connection.h"
#include "rt/task_group.h"
#include "sim/world.h"

namespace pabal::sim {
namespace {

TEST(Dialogue, PatternsMatch) {
  EXPECT_TRUE(matches("250 OK", "250 OK"));
  EXPECT_FALSE(matches("250 OK", "250 OK "));
  EXPECT_TRUE(matches("250 *", "250 "));
  EXPECT_TRUE(matches("2*0 …id=*!", "250 queued id=7!"));
  EXPECT_FALSE(matches("2*0 …id=*!", "250 queued id=7"));
  EXPECT_FALSE(matches("ab*ba", "aba"));
  EXPECT_TRUE(matches("* OK *", "* OK [CAPABILITY IMAP4rev2] ready"));
  EXPECT_TRUE(matches(R"(\* \\)", R"(* \)"));
  EXPECT_FALSE(matches(R"(\* 1)", "a 1"));
}

TEST(Dialogue, ErrorsNameTheLine) {
  EXPECT_EQ(parse_dialogue("# fine\nC: x\n\nfoo\n").error(),
            "line 4: a line begins with C: C*: S: S...: WAIT CLOSE EOF or #");
  EXPECT_EQ(parse_dialogue("C*: \\q").error(), R"(line 1: escapes are \r \n \t \\ and \xNN)");
  EXPECT_EQ(parse_dialogue("WAIT soon").error(), "line 1: WAIT needs a time such as 300s, 5m or 2h");
}

TEST(Dialogue, ClientLinesAreSentTogether) {
  auto dialogue = parse_dialogue("C: A\r\nC*: \\x41\\r\\n\nS: *\nC:\n");
  ASSERT_TRUE(dialogue.has_value());
  ASSERT_EQ(dialogue->size(), 3u);
  EXPECT_EQ((*dialogue)[0].text, "A\r\nA\r\n");
  EXPECT_EQ((*dialogue)[2].text, "\r\n");
}

// Greets, repeats every line, says goodbye after QUIT or five minutes of silence.
rt::Task<void> echo(std::unique_ptr<io::Stream> stream) {
  try {
    io::Connection connection(std::move(stream));
    connection.out() += "220 echo\r\n";
    for (;;) {
      Instant deadline = rt::Loop::current().now() + std::chrono::minutes(5);
      co_await connection.flush(deadline);
      std::string line;
      try {
        line = co_await connection.read_line(1000, deadline);
      } catch (const io::IoError& e) {
        if (e.fault() != io::IoFault::timeout) throw;
        line = "QUIT\r\n";
      }
      if (line == "QUIT\r\n") break;
      connection.out() += "250-you said\r\n250 " + line;
    }
    connection.out() += "221 bye\r\n";
    co_await connection.flush(rt::Loop::current().now() + std::chrono::minutes(5));
  } catch (const io::IoError&) {
    // The session ends; the client knows why.
  }
}

rt::Task<void> play_against_echo(SimWorld& sim, Dialogue dialogue, std::optional<std::string>& result,
                                 PlayOptions options) {
  SimNet& net = sim.host("mx").net();
  io::Endpoint at = *io::Endpoint::parse("192.0.2.1:25");
  rt::TaskGroup sessions;
  try {
    auto listener = net.listen(at, {});
    Instant deadline = rt::Loop::current().now() + std::chrono::minutes(1);
    auto stream = co_await net.connect(at, deadline);
    std::unique_ptr<io::Stream> accepted = listener->try_accept();
    sessions.spawn(echo(std::move(accepted)));
    result = co_await play(std::move(dialogue), *stream, options);
  } catch (const io::IoError& e) {
    result = e.what();
  }
  co_await sessions.join();
}

std::optional<std::string> against_echo(std::string_view text, PlayOptions options = {}) {
  SimWorld sim(4);
  sim.host("mx", {"192.0.2.1"});
  std::optional<std::string> result = "not played";
  sim.run(play_against_echo(sim, *parse_dialogue(text), result, options));
  return result;
}

TEST(Dialogue, PlaysAgainstAServer) {
  std::vector<std::string> transcript;
  EXPECT_EQ(against_echo(R"(# one of each
S: 220 *
C: hello
S...: 250 hello
C: a
C*: b\x21\r\n
S: 250-*
S: 250 a
S: 250-*
S: 250 b!
WAIT 299s
C: still here
S...: 250 still …
WAIT 301s
S: 221 bye
EOF
)",
                         {.transcript = &transcript}),
            std::nullopt);
  EXPECT_EQ(transcript.front(), "S: 220 echo");
  EXPECT_EQ(transcript.back(), "S: 221 bye");
}

TEST(Dialogue, SaysWhatWentOtherwise) {
  EXPECT_EQ(against_echo("S: 220 *\nC: x\nS: 250 x\n"), "line 3: expected \"250 x\", got \"250-you said\"");
  EXPECT_EQ(against_echo("S: 220 *\nC: QUIT\nS: 221 *\nS: 250 *\n"),
            "line 4: expected \"250 *\", got the end");
  EXPECT_EQ(against_echo("S: 220 *\nC: QUIT\nEOF\n"), "line 3: expected the end, got \"221 bye\\x0d\\x0a\"");
  EXPECT_EQ(against_echo("S: 220 *\nS: 250 *\n"),
            "line 2: read from 192.0.2.1:25: no data within the time limit, at \"250 *\"");
  EXPECT_EQ(against_echo("S: 220 *\nCLOSE\nEOF\n"), std::nullopt);
}

TEST(Dialogue, EveryFailingOperationEndsInAnAnswer) {
  auto dialogue = *parse_dialogue("S: 220 *\nC: hello\nS...: 250 hello\nC: QUIT\nS: 221 *\nEOF\n");
  for (uint64_t n = 0;; ++n) {
    ASSERT_LT(n, 1000u);
    SimWorld sim(n);
    sim.host("mx", {"192.0.2.1"});
    sim.faults().fail_at(n);
    std::optional<std::string> result = "not played";
    sim.run(play_against_echo(sim, dialogue, result, {}));
    if (sim.faults().fired()) continue;
    EXPECT_EQ(result, std::nullopt);
    EXPECT_GT(n, 8u);
    break;
  }
}

}  // namespace
}  // namespace pabal::sim

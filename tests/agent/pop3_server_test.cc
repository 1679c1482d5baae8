// Pop3Server in dialogues over real sockets. Stands here and not in serve/pop3,
// which does not see os.
#include "mail/encoding.h"
#include "pop3_fixture.h"

namespace pabal::agent {
namespace {

constexpr listen::ListenerOptions kInTheClear{.tls = tls::Mode::none, .plaintext_auth = true};
constexpr listen::ListenerOptions kStls{.tls = tls::Mode::starttls};

class Pop3Server : public Pop3Test {
 public:
  using Pop3Test::deliver;
  using Pop3Test::dial;
  using Pop3Test::expect_end;
  using Pop3Test::mails_left;
  using Pop3Test::options_;
  using Pop3Test::server_;
  using Pop3Test::store_;
  using Pop3Test::talk;

 protected:
  void with(listen::ListenerOptions listener, rt::Task<void> (*test)(Pop3Server&)) {
    with_server(listener, [test](Pop3Test& self) { return test(static_cast<Pop3Server&>(self)); });
  }
};

const std::string kLogin =
    "S: +OK mail.busan.test *\nC: USER bob@busan.test\nS: +OK *\nC: PASS bob's secret\nS: +OK *\n";

rt::Task<void> reads_and_deletes(Pop3Server& t) {
  co_await t.deliver("Subject: one\r\n\r\n.dots\r\n..\r\nend\r\n");
  co_await t.deliver("Subject: two\r\n\r\na\r\nb\r\nc");
  co_await t.talk(kLogin +
                  "C: STAT\nS: +OK 2 121\n"
                  "C: LIST\nS: +OK 2 messages (121 octets)\nS: 1 65\nS: 2 56\nS: .\n"
                  "C: LIST 2\nS: +OK 2 56\nC: LIST 3\nS: -ERR no such message, there are 2\n"
                  "C: RETR 1\nS: +OK 65 octets\nS: Return-Path: <alice@seoul.test>\nS: Subject: one\n"
                  "S: \nS: ..dots\nS: ...\nS: end\nS: .\n"
                  "C: TOP 2 1\nS: +OK *\nS: Return-Path: *\nS: Subject: two\nS: \nS: a\nS: .\n"
                  "C: TOP 2 0\nS: +OK *\nS: Return-Path: *\nS: Subject: two\nS: \nS: .\n"
                  "C: DELE 1\nS: +OK *\nC: DELE 1\nS: -ERR message 1 is deleted\nC: RETR 1\nS: -ERR *\n"
                  "C: STAT\nS: +OK 1 56\nC: LIST\nS: +OK *\nS: 2 56\nS: .\n"
                  "C: RSET\nS: +OK 2 messages *\nC: NOOP\nS: +OK *\nC: DELE 2\nS: +OK *\n"
                  "C: QUIT\nS: +OK good-bye, 1 messages deleted\n");
  EXPECT_EQ(co_await t.mails_left(), 1u);
}

TEST_F(Pop3Server, ReadsAndDeletes) {
  with(kInTheClear, reads_and_deletes);
}

rt::Task<void> deletes_at_quit_only(Pop3Server& t) {
  co_await t.deliver("Subject: one\r\n\r\n");
  co_await t.talk(kLogin + "C: DELE 1\nS: +OK *\n");  // and the connection goes
  EXPECT_EQ(co_await t.mails_left(), 1u);
  std::unique_ptr<io::Connection> again = co_await t.dial();
  // The first session may have to notice first that its client is gone.
  for (bool in_use = true; in_use;) {
    again = co_await t.dial();
    co_await t.talk(*again, "S: +OK *\nC: USER bob@busan.test\nS: +OK *\nC: PASS bob's secret\nC: QUIT\n");
    std::string answer = co_await again->read_line(512, Instant::never());
    in_use = answer.starts_with("-ERR [IN-USE]");
  }
  co_await t.talk(kLogin + "C: DELE 1\nC: QUIT\nS: +OK *\nS: +OK *\n");
  EXPECT_EQ(co_await t.mails_left(), 0u);
}

TEST_F(Pop3Server, DeletesAtQuitOnly) {
  with(kInTheClear, deletes_at_quit_only);
}

rt::Task<void> one_session_at_a_time(Pop3Server& t) {
  std::unique_ptr<io::Connection> first = co_await t.dial();
  co_await t.talk(*first, kLogin);
  co_await t.talk(
      "S: +OK *\nC: USER bob@busan.test\nS: +OK *\nC: PASS bob's secret\nS: -ERR [IN-USE] *\nC: QUIT\nS: +OK "
      "*\n");
  co_await t.talk(*first, "C: QUIT\nS: +OK *\n");
  co_await t.talk(kLogin + "C: QUIT\nS: +OK *\n");
}

TEST_F(Pop3Server, HasOneSessionPerMaildrop) {
  with(kInTheClear, one_session_at_a_time);
}

rt::Task<void> pipelining(Pop3Server& t) {
  std::string big = "Subject: big\r\n\r\n";
  for (int i = 0; i < 20'000; ++i) big += ".a line that begins with a dot\r\n";
  co_await t.deliver(big);
  co_await t.deliver("Subject: two\r\n\r\nb\r\n");
  std::unique_ptr<io::Connection> c = co_await t.dial();
  co_await t.talk(*c,
                  "C: USER bob@busan.test\nC: PASS bob's secret\nC: UIDL 1\nC: RETR 1\nC: RETR 2\nC: NOOP\n"
                  "C: DELE 2\nC: QUIT\nS: +OK *\nS: +OK *\nS: +OK *\nS: +OK 1 *\nS: +OK *\n");
  std::string text;
  for (;;) {
    std::string line = co_await c->read_line(65536, rt::Loop::current().now() + std::chrono::seconds(20));
    if (line == ".\r\n") break;
    text += line.starts_with('.') ? line.substr(1) : line;
  }
  EXPECT_EQ(text, "Return-Path: <alice@seoul.test>\r\n" + big);
  co_await t.talk(
      *c, "S: +OK *\nS: Return-Path: *\nS: Subject: two\nS: \nS: b\nS: .\nS: +OK *\nS: +OK *\nS: +OK *\n");
  EXPECT_EQ(co_await t.mails_left(), 1u);
}

TEST_F(Pop3Server, TakesCommandsAheadOfReplies) {
  with(kInTheClear, pipelining);
}

rt::Task<void> states(Pop3Server& t) {
  co_await t.talk(
      "S: +OK *\nC: STAT\nS: -ERR log in first\nC: RETR 1\nS: -ERR log in first\nC: PASS x\nS: -ERR USER "
      "first\n"
      "C: APOP bob c4c9334bac560ecc979e58001b3e22fb\nS: -ERR APOP is not offered*\nC: FOO\nS: -ERR *\n"
      "C: STLS\nS: -ERR TLS is not set up here\n"
      "C: USER bob@busan.test\nS: +OK *\nC: PASS wrong\nS: -ERR [AUTH] wrong user name or password\n"
      "C: USER nobody@busan.test\nS: +OK *\nC: PASS wrong\nS: -ERR [AUTH] wrong user name or password\n"
      "C: USER bob@busan.test\nS: +OK *\nC: PASS bob's secret\nS: +OK 0 messages (0 octets)\n"
      "C: USER bob@busan.test\nS: -ERR you are logged in already\nC: UTF8\nS: -ERR *\nC: QUIT\nS: +OK "
      "good-bye\n");
}

TEST_F(Pop3Server, KeepsStatesApart) {
  with(kInTheClear, states);
}

rt::Task<void> guessing(Pop3Server& t) {
  std::unique_ptr<io::Connection> c = co_await t.dial();
  std::string guess = "C: USER bob@busan.test\nS: +OK *\nC: PASS guess\nS: -ERR [AUTH] ";
  co_await t.talk(
      *c, "S: +OK *\n" + guess + "wrong *\n" + guess + "wrong *\n" + guess + "too many failed logins\n");
  co_await t.expect_end(*c);
}

TEST_F(Pop3Server, EndsGuessing) {
  with(kInTheClear, guessing);
}

rt::Task<void> hostile_input(Pop3Server& t) {
  std::unique_ptr<io::Connection> c = co_await t.dial();
  co_await t.talk(*c,
                  "S: +OK *\nC: NOOP " + std::string(300, 'x') + "\nS: -ERR a line has at most 255 octets\n");
  co_await t.expect_end(*c);
  c = co_await t.dial();
  std::string nonsense = "S: +OK *\n";
  for (int i = 1; i < t.options_.errors_max; ++i) nonsense += "C: X\nS: -ERR *\n";
  co_await t.talk(*c, nonsense + "C: X\nS: -ERR too many errors\n");
  co_await t.expect_end(*c);
}

TEST_F(Pop3Server, BoundsWhatItTakes) {
  with(kInTheClear, hostile_input);
}

rt::Task<void> auth(Pop3Server& t) {
  std::string plain = mail::base64_encode(std::string("\0bob@busan.test\0bob's secret", 28));
  std::string wrong = mail::base64_encode(std::string("\0bob@busan.test\0bob", 19));
  co_await t.talk(
      "S: +OK *\nC: AUTH\nS: +OK *\nS: SCRAM-SHA-256\nS: PLAIN\nS: LOGIN\nS: .\n"
      "C: AUTH PLAIN\nS: + \nC: *\nS: -ERR authentication cancelled\n"
      "C: AUTH PLAIN\nS: + \nC: !!!\nS: -ERR that is not base64\n"
      "C: AUTH PLAIN =AAA\nS: -ERR that is not base64\nC: AUTH NTLM\nS: -ERR no such mechanism*\n"
      "C: AUTH PLAIN " +
      wrong +
      "\nS: -ERR [AUTH] *\n"
      "C: AUTH PLAIN " +
      plain + "\nS: +OK 0 messages *\nC: AUTH PLAIN " + plain + "\nS: -ERR *\nC: QUIT\nS: +OK *\n");
}

TEST_F(Pop3Server, Authenticates) {
  with(kInTheClear, auth);
}

rt::Task<void> tls_first(Pop3Server& t) {
  co_await t.talk(
      "S: +OK *\nC: CAPA\nS: +OK *\nS: TOP\nS: UIDL\nS: RESP-CODES\nS: AUTH-RESP-CODE\nS: PIPELINING\n"
      "S: EXPIRE NEVER\nS: STLS\nS: UTF8 USER\nS: LANG\nS: IMPLEMENTATION Pabal\nS: .\n"
      "C: USER bob@busan.test\nS: -ERR encryption is required*\nC: AUTH PLAIN\nS: -ERR encryption*\n"
      "C: QUIT\nS: +OK *\n");
  std::unique_ptr<io::Connection> c = co_await t.dial();
  co_await t.talk(*c, "S: +OK *\nC: STLS\nC: USER bob@busan.test\nS: -ERR nothing may follow STLS *\n");
  co_await t.expect_end(*c);
}

TEST_F(Pop3Server, WantsTlsBeforePasswords) {
  with(kStls, tls_first);
}

rt::Task<void> languages(Pop3Server& t) {
  co_await t.talk(
      "S: +OK *\nC: LANG\nS: +OK *\nS: en English\nS: ko 한국어\nS: .\nC: LANG xx\nS: -ERR *\n"
      "C: LANG ko-KR\nS: +OK ko 이제부터 한국어입니다\nC: STAT\nS: -ERR 먼저 로그인하세요\n"
      "C: LANG *\nS: +OK en English from now on\nC: QUIT\nS: +OK good-bye\n");
}

TEST_F(Pop3Server, SpeaksKorean) {
  with(kInTheClear, languages);
}

rt::Task<void> utf8(Pop3Server& t) {
  co_await t.deliver("Subject: 안녕\r\n\r\nhi\r\n", true);
  co_await t.deliver("From: 앨리스@seoul.test\r\n\r\nhi\r\n", true);
  co_await t.talk(kLogin +
                  "C: RETR 1\nS: +OK *\nS: Return-Path: *\nS: Subject: =?*\nS: \nS: hi\nS: .\n"
                  "C: RETR 2\nS: -ERR [UTF8] *\nC: TOP 2 0\nS: -ERR [UTF8] *\nC: QUIT\nS: +OK *\n");
  co_await t.talk(
      "S: +OK *\nC: UTF8\nS: +OK *\nC: STLS\nS: -ERR *\nC: USER bob@busan.test\nS: +OK *\n"
      "C: PASS bob's secret\nS: +OK *\nC: RETR 1\nS: +OK *\nS: Return-Path: *\nS: Subject: 안녕\nS: \n"
      "S: hi\nS: .\nC: RETR 2\nS: +OK *\nS: Return-Path: *\nS: From: 앨리스@seoul.test\nS: \nS: hi\nS: .\n"
      "C: QUIT\nS: +OK *\n");
}

TEST_F(Pop3Server, SendsUtf8OnRequestOnly) {
  with(kInTheClear, utf8);
}

rt::Task<void> shutdown(Pop3Server& t) {
  co_await t.deliver("Subject: one\r\n\r\n");
  std::unique_ptr<io::Connection> idle = co_await t.dial();
  co_await t.talk(*idle, kLogin + "C: DELE 1\nS: +OK *\n");
  t.server_->stop();
  co_await t.talk(*idle, "S: -ERR [SYS/TEMP] *\n");
  co_await t.expect_end(*idle);
  EXPECT_EQ(co_await t.mails_left(), 1u);
}

TEST_F(Pop3Server, SaysThatItGoesDown) {
  with(kInTheClear, shutdown);
}

rt::Task<void> failing_commit(Pop3Server& t) {
  co_await t.deliver("Subject: one\r\n\r\n");
  std::unique_ptr<io::Connection> c = co_await t.dial();
  co_await t.talk(*c, kLogin + "C: DELE 1\nS: +OK *\n");
  co_await t.store_->close();
  co_await t.talk(*c, "C: QUIT\nS: -ERR [SYS/TEMP] nothing was deleted*\n");
  co_await t.expect_end(*c);
  EXPECT_EQ(co_await t.mails_left(), 1u);
}

TEST_F(Pop3Server, SaysWhenNothingWasDeleted) {
  with(kInTheClear, failing_commit);
}

}  // namespace
}  // namespace pabal::agent

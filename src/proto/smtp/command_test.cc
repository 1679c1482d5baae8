#include "proto/smtp/command.h"

#include <gtest/gtest.h>

namespace pabal::proto::smtp {
namespace {

template <class C>
C parsed(std::string_view line, bool utf8 = true) {
  auto command = parse_command(line, utf8);
  if (!command) {
    ADD_FAILURE() << line << ": " << command.error().text;
    return C{};
  }
  if (!std::holds_alternative<C>(*command)) {
    ADD_FAILURE() << line << " became " << verb(*command);
    return C{};
  }
  return std::get<C>(*command);
}

std::string refusal(std::string_view line, bool utf8 = true) {
  auto command = parse_command(line, utf8);
  if (command) return "accepted as " + std::string(verb(*command));
  EXPECT_FALSE(command.error().text.empty());
  return std::to_string(command.error().code) + " " + command.error().enhanced;
}

TEST(SmtpCommand, VerbsInAnyCaseWithTrailingSpace) {
  parsed<Data>("data");
  parsed<Data>("DATA  ");
  parsed<Rset>("RsEt");
  parsed<Quit>("QUIT\t");
  parsed<StartTls>("starttls");
  parsed<Noop>("NOOP whatever you like");
  EXPECT_EQ(parsed<Help>("help mail").topic, "MAIL");
  EXPECT_EQ(parsed<Vrfy>("VRFY alice").text, "alice");
  EXPECT_EQ(parsed<Expn>("EXPN staff").text, "staff");
}

TEST(SmtpCommand, UnknownAndMalformedLines) {
  EXPECT_EQ(refusal("FROB"), "500 5.5.2");
  EXPECT_EQ(refusal(""), "500 5.5.2");
  EXPECT_EQ(refusal("   "), "500 5.5.2");
  EXPECT_EQ(refusal("MAILFROM:<a@b>"), "500 5.5.2");
  EXPECT_EQ(refusal("DATA now"), "501 5.5.4");
  EXPECT_EQ(refusal("QUIT now"), "501 5.5.4");
  EXPECT_EQ(refusal("STARTTLS please"), "501 5.5.4");
  EXPECT_EQ(refusal("VRFY"), "501 5.5.4");
  EXPECT_EQ(refusal("NOOP a\rb"), "500 5.5.2");
  EXPECT_EQ(refusal("NOOP a\nb"), "500 5.5.2");
  EXPECT_EQ(refusal(std::string_view("NOOP a\0b", 8)), "500 5.5.2");
  EXPECT_EQ(refusal("NOOP \xff"), "500 5.5.2");
  EXPECT_EQ(refusal("NOOP \xed\x95\x9c", false), "500 5.5.2");
  EXPECT_EQ(refusal("NOOP " + std::string(kCommandLineMax, 'x')), "500 5.5.2");
}

TEST(SmtpCommand, Hello) {
  EXPECT_EQ(parsed<Ehlo>("EHLO mx.seoul.test").domain, "mx.seoul.test");
  EXPECT_EQ(parsed<Ehlo>("ehlo [IPv6:2001:db8::1]").domain, "[IPv6:2001:db8::1]");
  EXPECT_EQ(parsed<Helo>("HELO my_pc").domain, "my_pc");
  EXPECT_EQ(parsed<Lhlo>("LHLO localhost").domain, "localhost");
  EXPECT_EQ(refusal("EHLO"), "501 5.5.4");
  EXPECT_EQ(refusal("EHLO a\rb"), "500 5.5.2");
}

// RFC 5321 §4.1.4: no mail is refused for the name that a client gives itself.
TEST(SmtpCommand, HelloOfAnyKind) {
  EXPECT_EQ(parsed<Ehlo>("EHLO my computer").domain, "my computer");
  EXPECT_EQ(parsed<Ehlo>("EHLO Kim's-iPhone (2)").domain, "Kim's-iPhone (2)");
  EXPECT_EQ(parsed<Helo>("HELO \xB1\xE8\xC4\xA1", false).domain, "\xB1\xE8\xC4\xA1");
  EXPECT_EQ(parsed<Ehlo>("EHLO\ta\x1B[2Jb").domain, "a\x1B[2Jb");
  EXPECT_EQ(parsed<Lhlo>(std::string_view("LHLO a\0b", 8)).domain, std::string_view("a\0b", 3));
  EXPECT_EQ(parsed<Ehlo>("EHLO " + std::string(1000, 'a')).domain.size(), 1000u);
}

TEST(SmtpCommand, MailPath) {
  EXPECT_TRUE(parsed<MailFrom>("MAIL FROM:<>").path.is_null());
  EXPECT_EQ(parsed<MailFrom>("mail from: <a@b.test>").path.to_text(), "a@b.test");
  EXPECT_EQ(parsed<MailFrom>("MAIL FROM:<@x.test,@y.test:a@b.test>").path.to_text(), "a@b.test");
  MailFrom quoted = parsed<MailFrom>("MAIL FROM:<\"a > b\"@b.test> SIZE=1");
  ASSERT_TRUE(quoted.path.address);
  EXPECT_EQ(quoted.path.address->local, "a > b");
  EXPECT_EQ(refusal("MAIL FROM:<a@b.test"), "501 5.5.4");
  EXPECT_EQ(refusal("MAIL FROM:<\"a@b.test>"), "501 5.5.4");
  EXPECT_EQ(refusal("MAIL TO:<a@b.test>"), "501 5.5.4");
  EXPECT_EQ(refusal("MAIL"), "501 5.5.4");
  EXPECT_EQ(refusal("MAIL FROM:<a@>"), "553 5.1.7");
  EXPECT_EQ(refusal("MAIL FROM:<a b@c.test>"), "553 5.1.7");
  EXPECT_EQ(refusal("MAIL FROM:<@x.test a@b.test>"), "553 5.1.7");
  EXPECT_EQ(refusal("MAIL FROM:<a@b.test>SIZE=1"), "501 5.5.4");
  EXPECT_EQ(refusal("MAIL FROM:<" + std::string(1000, 'a') + "@b.test>"), "553 5.1.7");
  EXPECT_EQ(refusal("MAIL FROM:"), "501 5.5.4");
  EXPECT_EQ(refusal("MAIL FROM: SIZE=1"), "501 5.5.4");
  EXPECT_EQ(refusal("MAIL FROM:<<a@b.test>"), "501 5.5.4");
  EXPECT_EQ(refusal("MAIL FROM:<a@b.test>,<c@d.test>"), "501 5.5.4");
  EXPECT_EQ(refusal("MAIL FROM:a@b.test,c@d.test"), "553 5.1.7");
  EXPECT_EQ(refusal("MAIL FROM:\"Al B\" <a@b.test>"), "501 5.5.4");
}

// What scanners, scripts and old programs send, and Postfix takes.
TEST(SmtpCommand, PathsBeyondTheGrammar) {
  auto from = [](std::string_view rest) {
    return parsed<MailFrom>("MAIL FROM:" + std::string(rest)).path.to_text();
  };
  EXPECT_EQ(from("scanner@b.test"), "scanner@b.test");
  EXPECT_EQ(from("  scanner@b.test"), "scanner@b.test");
  EXPECT_EQ(from("scanner@b.test>"), "scanner@b.test");
  EXPECT_EQ(from("<<a@b.test>>"), "a@b.test");
  EXPECT_EQ(from("< a@b.test >"), "a@b.test");
  EXPECT_EQ(from("<a @ b.test>"), "a@b.test");
  EXPECT_EQ(from("<(from the) a@b.test (office (2nd floor))>"), "a@b.test");
  EXPECT_EQ(from("<a@b.test.>"), "a@b.test");
  EXPECT_EQ(from("<a..b@c.test>"), "\"a..b\"@c.test");
  EXPECT_EQ(from("\"a b\"@c.test"), "\"a b\"@c.test");
  EXPECT_EQ(from("<\"a (b) @ c\"@c.test>"), "\"a (b) @ c\"@c.test");
  EXPECT_EQ(parsed<MailFrom>("MAIL\tFROM:\ta@b.test\tSIZE=7").size, 7u);
  EXPECT_EQ(parsed<MailFrom>("MAIL FROM:a@b.test SIZE=7 BODY=8BITMIME").body, Body::eight_bit_mime);
  EXPECT_EQ(path_text(parsed<RcptTo>("RCPT TO:bob@c.test NOTIFY=NEVER").path), "bob@c.test");
  EXPECT_EQ(path_text(parsed<RcptTo>("RCPT TO:postmaster").path), "postmaster");
  for (std::string_view alone : {"RCPT TO:<bob>", "RCPT TO:bob", "RCPT TO:< \"bob\" >"})
    EXPECT_EQ(parsed<RcptTo>(alone).path, (mail::Address{"bob", ""}));
  EXPECT_EQ(parsed<RcptTo>("RCPT TO:<\"a@b\">").path, (mail::Address{"a@b", ""}));
  EXPECT_EQ(from("root"), "root");
  EXPECT_EQ(from("<Scanner <scanner@b.test>>"), "scanner@b.test");
  EXPECT_EQ(from("<\"A <a>\" <a@b.test>> SIZE=7"), "a@b.test");
  EXPECT_EQ(from("<a@b.test>; SIZE=7"), "a@b.test");
  EXPECT_EQ(from("<a@b.test>,"), "a@b.test");
  for (std::string_view broken :
       {"<A <a@b.test>", "<A <a@b.test>> >", "<A <a@b.test> B>", "<<A <a@b.test>>>", "<a@b.test>,,"})
    EXPECT_EQ(refusal("MAIL FROM:" + std::string(broken)).front(), '5') << broken;
  EXPECT_EQ(refusal("RCPT TO:<bob@>"), "553 5.1.3");
  EXPECT_EQ(refusal("RCPT TO:<@c.test>"), "553 5.1.3");
  EXPECT_EQ(refusal("RCPT TO:<a@b@c.test>"), "553 5.1.3");
  EXPECT_EQ(refusal("RCPT TO:<a b>"), "553 5.1.3");
  EXPECT_EQ(path_text(parsed<RcptTo>("RCPT TO:<\"\"@c.test>").path), "\"\"@c.test");
  std::string srs = "SRS0=Ab1c=XY=some-long-domain.example.test=bounce+b.25211.6039846.eb7e7e8ba282@fwd.test";
  EXPECT_EQ(from("<" + srs + ">"), srs);
  EXPECT_EQ(refusal("MAIL FROM:<" + std::string(1500, '(') + ">"), "553 5.1.7");
}

TEST(SmtpCommand, MailParameters) {
  MailFrom mail = parsed<MailFrom>(
      "MAIL FROM:<a@b.test> SIZE=12345 body=8bitmime RET=HDRS ENVID=QQ+2B314159 AUTH=e+3Dmc2@example.com");
  EXPECT_EQ(mail.size, 12345u);
  EXPECT_EQ(mail.body, Body::eight_bit_mime);
  EXPECT_EQ(mail.ret, Ret::headers);
  EXPECT_EQ(mail.envid, "QQ+314159");
  EXPECT_EQ(mail.auth, "e=mc2@example.com");
  EXPECT_EQ(parsed<MailFrom>("MAIL FROM:<> AUTH=<>").auth, "<>");
  EXPECT_EQ(parsed<MailFrom>("MAIL FROM:<> SIZE=99999999999999999999").size, UINT64_MAX);
  EXPECT_EQ(parsed<MailFrom>("MAIL FROM:<> BODY=BINARYMIME RET=FULL").ret, Ret::full);

  EXPECT_EQ(refusal("MAIL FROM:<a@b.test> SIZE"), "501 5.5.4");
  EXPECT_EQ(refusal("MAIL FROM:<a@b.test> SIZE=-1"), "501 5.5.4");
  EXPECT_EQ(refusal("MAIL FROM:<a@b.test> SIZE=1 SIZE=2"), "501 5.5.4");
  EXPECT_EQ(refusal("MAIL FROM:<a@b.test> BODY=9BIT"), "501 5.5.4");
  EXPECT_EQ(refusal("MAIL FROM:<a@b.test> RET=ALL"), "501 5.5.4");
  EXPECT_EQ(refusal("MAIL FROM:<a@b.test> ENVID=" + std::string(101, 'x')), "501 5.5.4");
  EXPECT_EQ(refusal("MAIL FROM:<a@b.test> ENVID=a+0D+0Ab"), "501 5.5.4");
  EXPECT_EQ(refusal("MAIL FROM:<a@b.test> HOLDFOR=1"), "555 5.5.4");
  EXPECT_EQ(refusal("MAIL FROM:<a@b.test> nonsense"), "555 5.5.4");
}

TEST(SmtpCommand, SmtpUtf8) {
  MailFrom mail = parsed<MailFrom>("MAIL FROM:<\xed\x95\x9c@seoul.test> SMTPUTF8");
  EXPECT_TRUE(mail.smtputf8);
  EXPECT_EQ(refusal("MAIL FROM:<\xed\x95\x9c@seoul.test>"), "553 5.6.7");
  EXPECT_EQ(refusal("MAIL FROM:<a@b.test> SMTPUTF8", false), "555 5.5.4");
  EXPECT_EQ(refusal("MAIL FROM:<a@b.test> SMTPUTF8=1"), "501 5.5.4");
  EXPECT_TRUE(needs_smtputf8(parsed<RcptTo>("RCPT TO:<\xed\x95\x9c@seoul.test>").path));
}

TEST(SmtpCommand, Rcpt) {
  RcptTo rcpt = parsed<RcptTo>("RCPT TO:<b@c.test> NOTIFY=SUCCESS,delay ORCPT=rfc822;Bob+2Bx@c.test");
  EXPECT_EQ(path_text(rcpt.path), "b@c.test");
  EXPECT_TRUE(rcpt.notify.success);
  EXPECT_TRUE(rcpt.notify.delay);
  EXPECT_FALSE(rcpt.notify.failure);
  EXPECT_EQ(rcpt.orcpt, (Orcpt{"rfc822", "Bob+x@c.test"}));
  EXPECT_TRUE(parsed<RcptTo>("RCPT TO:<b@c.test> NOTIFY=NEVER").notify.never);
  EXPECT_TRUE(parsed<RcptTo>("RCPT TO:<b@c.test>").notify.is_unset());
  EXPECT_EQ(path_text(parsed<RcptTo>("RCPT TO:<Postmaster>").path), "Postmaster");
  EXPECT_EQ(path_text(parsed<RcptTo>("RCPT TO:<@x.test:b@c.test>").path), "b@c.test");
  EXPECT_EQ(parsed<RcptTo>("RCPT TO:<b@c.test> ORCPT=utf-8;\\x{D55C}@c.test").orcpt,
            (Orcpt{"utf-8", "\xed\x95\x9c@c.test"}));

  EXPECT_EQ(refusal("RCPT TO:<>"), "553 5.1.3");
  EXPECT_EQ(refusal("RCPT FROM:<b@c.test>"), "501 5.5.4");
  EXPECT_EQ(refusal("RCPT TO:<b@c.test> NOTIFY=NEVER,SUCCESS"), "501 5.5.4");
  EXPECT_EQ(refusal("RCPT TO:<b@c.test> NOTIFY=SUCCESS,SUCCESS"), "501 5.5.4");
  EXPECT_EQ(refusal("RCPT TO:<b@c.test> NOTIFY="), "501 5.5.4");
  EXPECT_EQ(refusal("RCPT TO:<b@c.test> ORCPT=bob"), "501 5.5.4");
  EXPECT_EQ(refusal("RCPT TO:<b@c.test> ORCPT=rfc822;a+0Ab"), "501 5.5.4");
  EXPECT_EQ(refusal("RCPT TO:<b@c.test> ORCPT=rfc822;" + std::string(500, 'x')), "501 5.5.4");
  EXPECT_EQ(refusal("RCPT TO:<b@c.test> SIZE=1"), "555 5.5.4");
}

TEST(SmtpCommand, Bdat) {
  Bdat bdat = parsed<Bdat>("BDAT 1000 last");
  EXPECT_EQ(bdat.size, 1000u);
  EXPECT_TRUE(bdat.last);
  EXPECT_FALSE(parsed<Bdat>("BDAT 0").last);
  EXPECT_EQ(refusal("BDAT"), "501 5.5.4");
  EXPECT_EQ(refusal("BDAT x"), "501 5.5.4");
  EXPECT_EQ(refusal("BDAT 1 FIRST"), "501 5.5.4");
  EXPECT_EQ(refusal("BDAT 99999999999999999999"), "501 5.5.4");
}

TEST(SmtpCommand, Auth) {
  EXPECT_EQ(parsed<Auth>("auth plain").mechanism, "PLAIN");
  EXPECT_FALSE(parsed<Auth>("AUTH PLAIN").initial_response);
  EXPECT_EQ(parsed<Auth>("AUTH PLAIN AGEAYg==").initial_response, "AGEAYg==");
  EXPECT_EQ(parsed<Auth>("AUTH EXTERNAL =").initial_response, "");
  EXPECT_EQ(parsed<Auth>("AUTH PLAIN " + std::string(8000, 'A')).initial_response->size(), 8000u);
  EXPECT_EQ(refusal("AUTH"), "501 5.5.4");
  EXPECT_EQ(refusal("AUTH PLAIN a b"), "501 5.5.4");
  EXPECT_EQ(refusal("AUTH PL(IN"), "501 5.5.4");
}

}  // namespace
}  // namespace pabal::proto::smtp

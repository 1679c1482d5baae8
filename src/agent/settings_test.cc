#include "agent/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/flags.h"
#include "console/console.h"

namespace pabal::agent {
namespace {

using testing::HasSubstr;

std::string error_of(const std::string& text) {
  try {
    parse_settings(text, "agent.toml");
  } catch (const CommandError& e) {
    return e.what();
  }
  return "";
}

TEST(Settings, AreRead) {
  Settings settings = parse_settings(
      "from = \"Alice <alice@x.test>\"\nuser = \"alice@x.test\"\npassword_file = \"/p\"\n"
      "[smtp]\nserver = \"mail.x.test:587\"\ntls = \"starttls\"\n[pop3]\nserver = \"[::1]:1110\"\ntls = "
      "\"none\"\n",
      "agent.toml");
  EXPECT_EQ(settings.from, "Alice <alice@x.test>");
  EXPECT_EQ(settings.smtp.server->to_string(), "mail.x.test:587");
  EXPECT_EQ(settings.smtp.tls, TlsMode::starttls);
  EXPECT_EQ(settings.pop3.server->host, "::1");
  EXPECT_EQ(settings.pop3.server->to_string(), "[::1]:1110");
}

TEST(Settings, SayWhereTheyAreWrong) {
  EXPECT_THAT(error_of("from = \"a\"\nusr = \"b\"\n"), HasSubstr("agent.toml:2: there is no setting usr"));
  EXPECT_THAT(error_of("[smtp]\ntls = \"ssl\"\n"), HasSubstr("agent.toml:2: tls is one of"));
  EXPECT_THAT(error_of("user = 1\n"), HasSubstr("agent.toml:1: user is a text"));
  EXPECT_THAT(error_of("user = \n"), HasSubstr("agent.toml:1"));
  EXPECT_THAT(error_of("[pop3]\nserver = \"a b\"\n"), HasSubstr("agent.toml:2: server"));
}

TEST(Server, IsAHostWithAPort) {
  EXPECT_EQ(parse_server("mail.x.test", 995)->port, 995);
  EXPECT_EQ(parse_server("mail.x.test:110", 995)->port, 110);
  EXPECT_EQ(parse_server("::1", 995)->to_string(), "[::1]:995");
  EXPECT_EQ(parse_server("[::1]", 995)->host, "::1");
  for (const char* wrong : {"", ":25", "x:0", "x:65536", "x:y", "[::1", "[::1]x", "a b"})
    EXPECT_FALSE(parse_server(wrong, 995)) << wrong;
  EXPECT_EQ(default_tls(995), TlsMode::implicit);
  EXPECT_EQ(default_tls(587), TlsMode::starttls);
  EXPECT_EQ(default_tls(25), TlsMode::none);
}

}  // namespace
}  // namespace pabal::agent

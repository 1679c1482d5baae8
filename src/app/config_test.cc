#include "app/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pabal::app {

using std::chrono::hours;
using std::chrono::minutes;
using testing::HasSubstr;

static std::string error_of(std::string_view text) {
  auto config = parse_config(text, "pabal.toml");
  return config ? "no error" : config.error();
}

static std::string with_server(const std::string& more) {
  return "[server]\nhostname = \"mail.seoul.test\"\n" + more;
}

TEST(Config, SmallestFileHasDefaults) {
  auto config = parse_config(with_server(""), "pabal.toml");
  ASSERT_TRUE(config) << config.error();
  EXPECT_EQ(config->server.hostname, "mail.seoul.test");
  EXPECT_EQ(config->limits.message_octets_max, 52428800u);
  EXPECT_EQ(config->queue.retry_delays, (std::vector<Duration>{minutes(5), minutes(15), minutes(30)}));
  EXPECT_TRUE(config->listeners.empty());
}

TEST(Config, ReadsEveryKind) {
  auto config = parse_config(with_server(R"(
[[listener]]
protocol = "submission"
address = "[::1]:465"
tls = "implicit"
[[listener]]
protocol = "lmtp"
address = "/run/pabal/lmtp"
[tls]
certificate = "cert.pem"
key = "/etc/pabal/key.pem"
[limits]
message_octets_max = "10MiB"
command_timeout = "90s"
errors_max = 3
[relay]
trusted_networks = ["192.0.2.0/24", "::1"]
[delivery]
ip = "6"
[[route]]
domain = "*"
host = "smtp.provider.test"
port = 465
tls = "implicit"
user = "me"
password_file = "secret"
[log]
level = "debug"
)"),
                             "/etc/mail/pabal.toml");
  ASSERT_TRUE(config) << config.error();
  ASSERT_EQ(config->listeners.size(), 2u);
  EXPECT_EQ(config->listeners[0].protocol, Protocol::submission);
  EXPECT_EQ(config->listeners[0].tls, TlsMode::implicit);
  EXPECT_EQ(config->listeners[0].address.to_string(), "[::1]:465");
  EXPECT_EQ(config->listeners[1].address.path, "/run/pabal/lmtp");
  EXPECT_EQ(config->tls.certificate, "/etc/mail/cert.pem");
  EXPECT_EQ(config->tls.key, "/etc/pabal/key.pem");
  EXPECT_EQ(config->limits.message_octets_max, 10u << 20);
  EXPECT_EQ(config->limits.command_timeout, Duration(90'000));
  EXPECT_EQ(config->limits.errors_max, 3);
  ASSERT_EQ(config->relay.trusted_networks.size(), 2u);
  EXPECT_TRUE(config->relay.trusted_networks[0].contains(*io::IpAddress::parse("192.0.2.77")));
  EXPECT_EQ(config->delivery.ip, IpFamilies::v6_only);
  ASSERT_EQ(config->routes.size(), 1u);
  EXPECT_EQ(config->routes[0].password_file, "/etc/mail/secret");
  EXPECT_EQ(config->log.level, LogLevel::debug);
}

TEST(Config, FoldersThatCannotBe) {
  EXPECT_THAT(error_of("[server]\nhostname = \"mail.seoul.test\"\ndata_directory = \"\"\n"),
              HasSubstr("pabal.toml:3: server.data_directory is empty"));
  EXPECT_THAT(error_of("[server]\nhostname = \"mail.seoul.test\"\ndata_directory = \"a\\u0000b\"\n"),
              HasSubstr("pabal.toml:3: server.data_directory has a NUL in it"));
  EXPECT_THAT(error_of(with_server("[log]\nfile = \"/tmp/x\\u0000y\"\n")),
              HasSubstr("log.file has a NUL in it"));
}

TEST(Config, ErrorsNameFileLineAndWhatWouldBeRight) {
  EXPECT_EQ(error_of(with_server(
                "[[listener]]\nprotocol = \"smtp\"\naddress = \"0.0.0.0:25\"\ntls = \"sterttls\"\n")),
            "pabal.toml:6: listener.tls is \"sterttls\"; expected one of none, starttls, implicit");
  EXPECT_EQ(
      error_of(with_server("[limits]\ncommand_timeout = 5\n")),
      "pabal.toml:4: limits.command_timeout is 5; expected a time such as \"90s\", \"5m\", \"4h\" or \"5d\"");
  EXPECT_EQ(error_of(with_server("loops = \"two\"\n")),
            "pabal.toml:3: server.loops is \"two\"; expected a whole number, 0 or more");
  EXPECT_EQ(error_of(with_server("[store]\nbatch_max = 0\n")),
            "pabal.toml:4: store.batch_max is 0; expected a whole number, 1 or more");
  EXPECT_EQ(error_of(with_server("[limits]\ncommand_octets_max = 100\n")),
            "pabal.toml:4: limits.command_octets_max is 100; expected 512 to 2KiB");
  EXPECT_EQ(error_of(with_server("[store]\nbatch_octets_max = 0\n")),
            "pabal.toml:4: store.batch_octets_max is 0; expected 1 or more");
  EXPECT_THAT(error_of(with_server("[limits]\nmessage_octets_max = \"2GiB\"\n")),
              HasSubstr("limits.receiving_octets_max is 1GiB; expected 2GiB or more"));
  EXPECT_EQ(error_of(with_server("[relay]\ntrusted_networks = [\n  \"::1\",\n  \"everyone\" ]\n")),
            "pabal.toml:6: relay.trusted_networks has \"everyone\"; expected a list of networks such as "
            "[\"192.0.2.0/24\"]");
  EXPECT_EQ(
      error_of(with_server("[[listener]]\nprotocol = \"smtp\"\naddress = \"25\"\n")),
      "pabal.toml:5: listener.address is \"25\"; expected an address with a port such as \"0.0.0.0:25\" or "
      "\"[::]:25\"");
}

TEST(Config, UnknownKeyGetsTheNearestKnownOne) {
  EXPECT_EQ(error_of(with_server("[limits]\nrecipient_max = 3\n")),
            "pabal.toml:4: there is no key limits.recipient_max; did you mean recipients_max?");
  EXPECT_EQ(error_of(with_server("[limit]\n")),
            "pabal.toml:3: there is no section [limit]; did you mean limits?");
  EXPECT_THAT(error_of(with_server("[log]\ncolour = true\n")),
              HasSubstr("no key log.colour; known are format, level, file"));
}

TEST(Config, MissingAndMisplaced) {
  EXPECT_THAT(error_of(""), HasSubstr("pabal.toml: server.hostname is missing"));
  EXPECT_THAT(error_of(with_server("[listener]\nprotocol = \"smtp\"\n")), HasSubstr("write [[listener]]"));
  EXPECT_THAT(error_of(with_server("[[route]]\ndomain = \"*\"\n")),
              HasSubstr("pabal.toml:3: route.host is missing"));
  EXPECT_THAT(error_of("[server\n"), testing::StartsWith("pabal.toml:1: "));
  EXPECT_THAT(error_of("[server]\nhostname = \"-\"\n"), HasSubstr("expected a name such as"));
}

TEST(Config, RefusesWhatCannotWork) {
  const std::string pop3 = "[[listener]]\nprotocol = \"pop3\"\naddress = \"0.0.0.0:110\"\n";
  EXPECT_THAT(error_of(with_server(pop3)), HasSubstr("nobody can log in on 0.0.0.0:110"));
  EXPECT_EQ(error_of(with_server(pop3 + "plaintext_auth = true\n")), "no error");
  EXPECT_THAT(error_of(with_server(pop3 + "tls = \"starttls\"\n")),
              HasSubstr("set certificate and key in [tls]"));
  const std::string smtp = "[[listener]]\nprotocol = \"smtp\"\naddress = \"0.0.0.0:25\"\n";
  EXPECT_THAT(error_of(with_server(smtp + smtp)), HasSubstr("pabal.toml:6: two listeners have the address"));
  EXPECT_THAT(error_of(with_server("[[route]]\ndomain = \"*\"\nhost = \"h\"\nuser = \"u\"\n")),
              HasSubstr("go together"));
}

TEST(Config, WrittenFileReadsBackAsItself) {
  Config config;
  config.server.hostname = "mail.seoul.test";
  config.server.data_directory = "/srv/pabal";
  config.listeners.push_back(
      {.protocol = Protocol::pop3, .address = *io::Endpoint::parse("0.0.0.0:995"), .tls = TlsMode::implicit});
  config.tls = {.certificate = "/c.pem", .key = "/k.pem"};
  config.limits.message_octets_max = 1000;
  config.queue.lifetime = hours(7);
  config.relay.trusted_networks = {*io::IpPrefix::parse("10.0.0.0/8")};
  config.routes.push_back({.domain = "*", .host = "relay.test"});
  std::string text = write_config(config);
  auto back = parse_config(text, "pabal.toml");
  ASSERT_TRUE(back) << back.error() << '\n' << text;
  EXPECT_EQ(write_config(*back), text);
  EXPECT_EQ(back->limits.message_octets_max, 1000u);
  EXPECT_EQ(back->queue.lifetime, hours(7));
  EXPECT_THAT(text, HasSubstr("#recipients_max = 1000\n"));
  EXPECT_THAT(text, HasSubstr("\nlifetime = \"7h\"\n"));
}

TEST(Config, TimesAndSizes) {
  EXPECT_EQ(parse_duration("5d"), Duration(432'000'000));
  EXPECT_EQ(parse_duration("0s"), Duration(0));
  for (const char* wrong : {"", "5", "m", "-5m", "5 m", "99999999999999999999s", "999999999999d"}) {
    EXPECT_EQ(parse_duration(wrong), std::nullopt) << wrong;
  }
  EXPECT_EQ(parse_size("50MiB"), 52428800u);
  EXPECT_EQ(parse_size("1000"), 1000u);
  for (const char* wrong : {"", "MiB", "5MB", "-1", "99999999999TiB"})
    EXPECT_EQ(parse_size(wrong), std::nullopt) << wrong;
  EXPECT_EQ(size_text(52428800), "50MiB");
  EXPECT_EQ(size_text(1000), "1000");
  EXPECT_EQ(size_text(0), "0");
}

}  // namespace pabal::app

// Which server gets the mail (RFC 5321 §5, RFC 7505), and how it is reached.
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "directory/admin.h"
#include "rig.h"
#include "tls/certificate.h"

namespace pabal::deliver {
namespace {

using testing::HasSubstr;

rt::Task<void> one_mail(Rig& rig) {
  co_await rig.accept({});
  EXPECT_TRUE(co_await rig.until_empty());
  EXPECT_TRUE((co_await rig.reports()).empty());
}

rt::Task<void> without_delay(Rig& rig) {
  MessageId id = co_await rig.accept({});
  EXPECT_TRUE(co_await rig.until_empty());
  EXPECT_EQ(co_await rig.fact(id, "delayed", "to"), "");
  EXPECT_EQ(co_await rig.fact(id, "failed", "to"), "");
}

TEST(Route, NextMxHostWhenTheFirstCannotBeReachedOrDoesNotWant) {
  for (const char* trouble : {"drop", "421 4.3.2 later", "554 5.3.2 no mail here"}) {
    Rig rig;
    rig.sim.resolver().add("busan.test. MX 20 mx3.busan.test.");
    rig.sim.resolver().add("busan.test. MX 5 mx1.busan.test.");
    rig.sim.resolver().add("busan.test. MX 10 mx2.busan.test.");
    rig.sim.resolver().add("mx1.busan.test. A 192.0.2.2");
    rig.sim.host("mx1.busan.test", {"192.0.2.2"});  // nobody listens
    Peer& second = rig.peer("mx2.busan.test", "192.0.2.3");
    Peer& third = rig.peer("mx3.busan.test", "192.0.2.4");
    second.answer = [=](const std::string& line) { return line == "(greeting)" ? trouble : ""; };
    rig.run(without_delay);
    EXPECT_EQ(second.connections, 1u);
    EXPECT_EQ(third.mails.size(), 1u);
  }
}

TEST(Route, TemporaryRefusalOfARecipientDoesNotTryTheNextHost) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx1.busan.test.");
  rig.sim.resolver().add("busan.test. MX 20 mx2.busan.test.");
  Peer& first = rig.peer("mx1.busan.test", "192.0.2.2");
  Peer& second = rig.peer("mx2.busan.test", "192.0.2.3");
  bool seen = false;
  first.answer = [&](const std::string& line) {
    return line.starts_with("RCPT") && !std::exchange(seen, true) ? "450 4.2.0 later" : "";
  };
  rig.run(one_mail);
  EXPECT_EQ(first.mails.size(), 1u);
  EXPECT_EQ(second.connections, 0u);
}

TEST(Route, EqualPreferencesShareTheLoad) {
  size_t first_choice = 0;
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    Rig rig(seed);
    rig.sim.resolver().add("busan.test. MX 10 mx1.busan.test.");
    rig.sim.resolver().add("busan.test. MX 10 mx2.busan.test.");
    Peer& first = rig.peer("mx1.busan.test", "192.0.2.2");
    rig.peer("mx2.busan.test", "192.0.2.3");
    rig.run(without_delay);
    first_choice += first.mails.size();
  }
  EXPECT_GT(first_choice, 0u);
  EXPECT_LT(first_choice, 12u);
}

TEST(Route, TheDomainItselfWithoutMx) {
  Rig rig;
  Peer& busan = rig.peer("busan.test", "192.0.2.2");
  rig.run(without_delay);
  EXPECT_EQ(busan.mails.size(), 1u);
}

TEST(Route, DomainMayBeAnAlias) {
  Rig rig;
  rig.sim.resolver().zone("test");  // a zone of its own could not be an alias
  rig.sim.resolver().add("busan.test. CNAME mail.gimhae.test.");
  rig.sim.resolver().add("mail.gimhae.test. MX 10 mx.gimhae.test.");
  Peer& peer = rig.peer("mx.gimhae.test", "192.0.2.2");
  rig.run(without_delay);
  EXPECT_EQ(peer.mails.size(), 1u);
}

TEST(Route, Ipv6AndIpv4) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  rig.sim.resolver().add("mx.busan.test. AAAA 2001:db8::2");  // no such host: unreachable
  Peer& peer = rig.peer("mx.busan.test", "192.0.2.2");
  rig.run(without_delay);
  EXPECT_EQ(peer.mails.size(), 1u);
}

rt::Task<void> fails_with_route_status(Rig& rig) {
  MessageId id = co_await rig.accept({});
  EXPECT_TRUE(co_await rig.until_empty());
  std::vector<proto::dsn::ParsedReport> reports = co_await rig.reports();
  EXPECT_EQ(reports.size(), 1u);
  EXPECT_EQ(co_await rig.fact(id, "failed", "status"), reports.at(0).recipients.at(0).status);
  rig.result = reports.at(0).recipients.at(0).status;
}

std::string status_with(std::vector<std::string> records) {
  Rig rig;
  for (const std::string& record : records) rig.sim.resolver().add(record);
  rig.run(fails_with_route_status);
  return rig.result;
}

TEST(Route, WhatCanNeverBeReachedFailsAtOnce) {
  EXPECT_EQ(status_with({"busan.test. MX 0 ."}), "5.1.10");
  EXPECT_EQ(status_with({"gwangju.test. A 192.0.2.9", "test. TXT x"}), "5.1.2");
  EXPECT_EQ(status_with({"busan.test. TXT \"no mail\""}), "5.4.4");
  EXPECT_EQ(status_with({"busan.test. MX 10 gone.busan.test."}), "5.4.4");
  EXPECT_EQ(status_with({"busan.test. MX 10 mx.seoul.test.", "busan.test. MX 20 b.test."}), "5.4.6");
}

TEST(Route, OnlyBetterHostsThanOurselves) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 5 mx.busan.test.");
  rig.sim.resolver().add("busan.test. MX 10 MX.seoul.test.");
  rig.sim.resolver().add("busan.test. MX 10 other.busan.test.");
  Peer& better = rig.peer("mx.busan.test", "192.0.2.2");
  Peer& equal = rig.peer("other.busan.test", "192.0.2.3");
  bool seen = false;
  better.answer = [&](const std::string& line) {
    return line == "(greeting)" && !std::exchange(seen, true) ? "421 4.3.2 later" : "";
  };
  rig.run(one_mail);
  EXPECT_EQ(better.mails.size(), 1u);
  EXPECT_EQ(equal.connections, 0u);
}

rt::Task<void> dns_trouble(Rig& rig) {
  MessageId id = co_await rig.accept({});
  co_await rt::sleep_for(std::chrono::minutes(2));
  EXPECT_EQ((co_await rig.entries()).at(0).last_status, "4.4.3");
  rig.sim.resolver().fail("busan.test", std::nullopt);
  EXPECT_TRUE(co_await rig.until_empty());
  EXPECT_EQ(co_await rig.fact(id, "failed", "to"), "");
}

TEST(Route, DnsTroubleIsADelay) {
  for (sim::DnsFault fault : {sim::DnsFault::serv_fail, sim::DnsFault::timeout, sim::DnsFault::bogus}) {
    Rig rig;
    rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
    rig.sim.resolver().fail("busan.test", fault);
    Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
    rig.run(dns_trouble);
    EXPECT_EQ(busan.mails.size(), 1u);
  }
}

rt::Task<void> to_literal(Rig& rig) {
  Letter letter;
  letter.to = {"bob@[192.0.2.2]"};
  co_await rig.accept(letter);
  EXPECT_TRUE(co_await rig.until_empty());
}

TEST(Route, AddressLiteral) {
  Rig rig;
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  rig.run(to_literal);
  ASSERT_EQ(busan.mails.size(), 1u);
  EXPECT_EQ(busan.mails[0].rcpts.at(0), "RCPT TO:<bob@[192.0.2.2]>");
}

rt::Task<void> two_domains(Rig& rig) {
  Letter letter;
  letter.to = {"bob@busan.test", "dan@daegu.test"};
  co_await rig.accept(letter);
  EXPECT_TRUE(co_await rig.until_empty());
}

TEST(Route, SmarthostTakesAllDomainsInOneTransaction) {
  Rig rig;
  rig.options.routes.smarthosts = {{.pattern = "*", .host = "relay.test"}};
  Peer& relay = rig.peer("relay.test", "192.0.2.2");
  rig.run(two_domains);
  ASSERT_EQ(relay.mails.size(), 1u);
  EXPECT_EQ(relay.mails[0].rcpts.size(), 2u);
}

TEST(Route, MostSpecificSmarthostWins) {
  Rig rig;
  rig.options.routes.smarthosts = {{.pattern = "*", .host = "relay.test"},
                                   {.pattern = "busan.test", .host = "192.0.2.3"}};
  Peer& relay = rig.peer("relay.test", "192.0.2.2");
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.3");
  rig.run(two_domains);
  EXPECT_EQ(relay.mails.size(), 1u);
  EXPECT_EQ(busan.mails.size(), 1u);
}

// A certificate for mx.busan.test in files, for peers.
class Certified {
 public:
  Certified() {
    std::string base = testing::TempDir() + "deliver_it_" + std::to_string(getpid());
    files_ = {base + ".crt", base + ".key"};
    tls::Credentials credentials = tls::make_self_signed({"mx.busan.test"}, sim::SimWorld::kStart);
    std::ofstream(files_.certificate_path) << credentials.certificate_pem;
    std::ofstream(files_.key_path) << credentials.key_pem;
    context_ = std::make_unique<tls::ServerContext>(std::vector{files_});
  }
  ~Certified() {
    std::remove(files_.certificate_path.c_str());
    std::remove(files_.key_path.c_str());
  }
  tls::ServerContext& context() { return *context_; }

 private:
  tls::CertificateFiles files_;
  std::unique_ptr<tls::ServerContext> context_;
};

TEST(Route, StartTlsWhenOffered) {
  Certified certified;
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  busan.offers.push_back("STARTTLS");
  busan.tls = &certified.context();
  rig.run(without_delay);
  EXPECT_EQ(busan.mails.size(), 1u);
  EXPECT_EQ(busan.secured, 1u);
  EXPECT_EQ(busan.count("EHLO mx.seoul.test"), 2u);
}

TEST(Route, FailedHandshakeGoesOnInTheClear) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  busan.offers.push_back("STARTTLS");
  // Text behind the 220 is an attack or a broken server: no handshake with it.
  busan.answer = [](const std::string& line) {
    return line == "STARTTLS" ? "220 2.0.0 go\r\nthis is no TLS" : "";
  };
  busan.tls = nullptr;
  Certified certified;
  busan.tls = &certified.context();
  rig.run(without_delay);
  EXPECT_EQ(busan.mails.size(), 1u);
  EXPECT_EQ(busan.secured, 0u);
  EXPECT_EQ(busan.connections, 2u);
}

rt::Task<void> refused_without_tls(Rig& rig) {
  co_await rig.accept({});
  co_await rt::sleep_for(std::chrono::minutes(2));
  rig.result = (co_await rig.entries()).at(0).last_status;
}

TEST(Route, RequiredTlsIsRequired) {
  Certified certified;
  for (bool offered : {false, true}) {
    Rig rig;
    rig.options.routes.smarthosts = {
        {.pattern = "*", .host = "mx.busan.test", .tls = route::TlsDemand::required}};
    Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
    if (offered) busan.offers.push_back("STARTTLS");
    busan.tls = &certified.context();
    rig.run(refused_without_tls);
    EXPECT_EQ(busan.count("DATA"), 0u);
    // Offered, but the certificate is its own authority's.
    EXPECT_EQ(rig.result, offered ? "4.7.5" : "4.7.4");
  }
}

TEST(Route, LogsInAtASmarthostOnlyOverTls) {
  Certified certified;
  for (bool secure : {false, true}) {
    Rig rig;
    rig.options.routes.smarthosts = {
        {.pattern = "*", .host = "relay.test", .username = "u", .password = "p"}};
    Peer& relay = rig.peer("relay.test", "192.0.2.2");
    relay.offers = {"AUTH PLAIN"};
    if (secure) relay.offers.push_back("STARTTLS");
    relay.tls = &certified.context();
    relay.answer = [](const std::string& line) {
      return line.starts_with("AUTH") ? "235 2.7.0 hello u" : "";
    };
    if (secure) {
      rig.run(without_delay);
      EXPECT_EQ(relay.count("AUTH PLAIN AHUAcA=="), 1u);
      EXPECT_EQ(relay.mails.size(), 1u);
    } else {
      rig.run(refused_without_tls);
      EXPECT_EQ(rig.result, "4.7.8");
      EXPECT_TRUE(relay.mails.empty());
    }
  }
}

rt::Task<void> domain_becomes_ours(Rig& rig) {
  Letter letter;
  letter.to = {"bob@busan.test", "nobody@busan.test"};
  MessageId id = co_await rig.accept(letter);
  co_await rt::sleep_for(std::chrono::minutes(1));
  store::Store& store = *rig.server->store;
  io::Random& random = rig.world.random;
  store.execute_now([&](store::Transaction& tx) {
    EXPECT_TRUE(directory::add_domain(store, tx, "busan.test"));
    EXPECT_TRUE(directory::add_account(store, tx, random, "bob@busan.test", ""));
  });
  EXPECT_TRUE(co_await rig.until_empty());
  EXPECT_EQ(co_await rig.fact(id, "delivered", "mailbox"), "bob@busan.test/INBOX");
  std::vector<proto::dsn::ParsedReport> reports = co_await rig.reports();
  EXPECT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports.at(0).recipients.at(0).status, "5.1.1");
}

TEST(Route, QueuedMailForADomainThatHasBecomeOurs) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  rig.sim.resolver().fail("busan.test", sim::DnsFault::serv_fail);
  rig.run(domain_becomes_ours);
}

}  // namespace
}  // namespace pabal::deliver

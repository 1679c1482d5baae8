#include "sim/resolver.h"

#include <gtest/gtest.h>

#include "sim/world.h"

namespace pabal::sim {
namespace {

using io::DnsAnswer;
using io::RecordType;

struct Dns {
  Dns() {
    sim.resolver().add("seoul.test. 600 IN MX 10 mx.seoul.test.");
    sim.resolver().add("mx.seoul.test. 60 IN A 192.0.2.1");
    sim.resolver().add("www.seoul.test. CNAME web.busan.test.");
    sim.resolver().add("web.busan.test. 30 A 192.0.2.2");
    sim.resolver().add("a.loop.test. CNAME b.loop.test.");
    sim.resolver().add("b.loop.test. CNAME a.loop.test.");
  }
  DnsAnswer ask(std::string name, RecordType type) {
    sim.run(question(name, type));
    return answer;
  }
  rt::Task<void> question(std::string name, RecordType type) {
    Instant deadline = sim.poller().now() + std::chrono::seconds(10);
    answer = co_await sim.resolver().resolve(name, type, deadline);
  }
  SimWorld sim{1};
  DnsAnswer answer;
};

TEST(SimResolver, AnswersFromZones) {
  Dns dns;
  DnsAnswer mx = dns.ask("Seoul.TEST", RecordType::mx);
  EXPECT_EQ(mx.status, DnsAnswer::ok);
  ASSERT_EQ(mx.records.size(), 1u);
  EXPECT_EQ(mx.records[0], std::string("\0\x0a\2mx\5seoul\4test\0", 17));
  EXPECT_EQ(mx.ttl_seconds, 600u);
  EXPECT_EQ(mx.canonical_name, "seoul.test");
  EXPECT_EQ(dns.ask("seoul.test", RecordType::aaaa).status, DnsAnswer::no_data);
  EXPECT_EQ(dns.ask("nobody.seoul.test", RecordType::a).status, DnsAnswer::nx_domain);
  EXPECT_EQ(dns.ask("example.invalid", RecordType::a).status, DnsAnswer::nx_domain);
}

TEST(SimResolver, FollowsCnamesToTheirEnd) {
  Dns dns;
  DnsAnswer web = dns.ask("www.seoul.test", RecordType::a);
  EXPECT_EQ(web.status, DnsAnswer::ok);
  EXPECT_EQ(web.canonical_name, "web.busan.test");
  EXPECT_EQ(web.records, std::vector<std::string>{std::string("\xC0\0\2\2", 4)});
  EXPECT_EQ(web.ttl_seconds, 30u);
  EXPECT_NE(dns.ask("a.loop.test", RecordType::a).status, DnsAnswer::ok);
}

TEST(SimResolver, FailsWhenTold) {
  Dns dns;
  dns.sim.resolver().fail("seoul.test", DnsFault::timeout);
  Instant before = dns.sim.poller().now();
  DnsAnswer late = dns.ask("seoul.test", RecordType::mx);
  EXPECT_EQ(late.status, DnsAnswer::temporary);
  EXPECT_EQ(late.reason, "timeout");
  EXPECT_EQ(dns.sim.poller().now() - before, std::chrono::seconds(10));
  dns.sim.resolver().fail("seoul.test", DnsFault::bogus);
  EXPECT_EQ(dns.ask("seoul.test", RecordType::mx).security, io::Security::bogus);
  dns.sim.resolver().fail("seoul.test", std::nullopt);
  EXPECT_EQ(dns.ask("seoul.test", RecordType::mx).status, DnsAnswer::ok);
  dns.sim.faults().fail_at(0);
  EXPECT_EQ(dns.ask("seoul.test", RecordType::mx).reason, "SERVFAIL");
}

TEST(SimResolver, ASignedZoneIsSecureUnlessACnameLeavesIt) {
  Dns dns;
  dns.sim.resolver().sign("seoul.test");
  EXPECT_EQ(dns.ask("seoul.test", RecordType::mx).security, io::Security::secure);
  EXPECT_EQ(dns.ask("www.seoul.test", RecordType::a).security, io::Security::insecure);
  EXPECT_EQ(dns.ask("web.busan.test", RecordType::a).security, io::Security::insecure);
}

}  // namespace
}  // namespace pabal::sim

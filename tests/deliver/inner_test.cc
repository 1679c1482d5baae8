// Mail that would lead back to this server, or into it (RFC 5321 §5.1).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rig.h"

namespace pabal::deliver {
namespace {

using testing::HasSubstr;

rt::Task<void> fails_at_once(Rig& rig) {
  Letter letter;
  if (!rig.result.empty()) letter.to = {rig.result};
  MessageId id = co_await rig.accept(letter);
  EXPECT_TRUE(co_await rig.until_empty(std::chrono::minutes(1)));
  rig.result = co_await rig.fact(id, "failed", "status");
}

rt::Task<void> arrives(Rig& rig) {
  Letter letter;
  if (!rig.result.empty()) letter.to = {rig.result};
  MessageId id = co_await rig.accept(letter);
  EXPECT_TRUE(co_await rig.until_empty());
  rig.result = co_await rig.fact(id, "relayed", "status");
}

io::Endpoint at(const char* text) {
  return *io::Endpoint::parse(text);
}

// The status of a mail to bob@busan.test, whose server has this address.
std::string status_at(const std::string& record, std::vector<io::Endpoint> own) {
  Rig rig;
  rig.options.routes.own = std::move(own);
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  rig.sim.resolver().add("mx.busan.test. " + record);
  rig.run(fails_at_once);
  return rig.result;
}

TEST(Inner, TheWayLeadsBackToThisServer) {
  EXPECT_EQ(status_at("A 192.0.2.1", {at("192.0.2.1:25")}), "5.4.6");
  EXPECT_EQ(status_at("A 192.0.2.1", {at("0.0.0.0:25")}), "5.4.6");
  EXPECT_EQ(status_at("A 127.0.0.1", {at("0.0.0.0:25")}), "5.4.6");
  EXPECT_EQ(status_at("A 0.0.0.0", {at("127.0.0.1:25")}), "5.4.6");
  EXPECT_EQ(status_at("AAAA ::ffff:192.0.2.1", {at("0.0.0.0:25")}), "5.4.6");
  EXPECT_EQ(status_at("AAAA ::1", {at("[::]:25")}), "5.4.6");
}

TEST(Inner, WhatIsNoPlaceForAServerOfOthers) {
  for (const char* record : {"A 127.0.0.1", "A 0.0.0.0", "A 169.254.169.254", "A 224.0.0.1", "AAAA ::1",
                             "AAAA ::", "AAAA fe80::1", "AAAA ::ffff:127.0.0.1", "AAAA 64:ff9b::127.0.0.1"}) {
    EXPECT_EQ(status_at(record, {at("192.0.2.1:25")}), "5.4.4") << record;
  }
}

TEST(Inner, LiteralsToo) {
  for (const char* to :
       {"bob@[127.0.0.1]", "bob@[IPv6:::1]", "bob@[IPv6:::ffff:127.0.0.1]", "bob@[0.0.0.0]"}) {
    Rig rig;
    rig.result = to;
    rig.run(fails_at_once);
    EXPECT_EQ(rig.result, "5.4.4") << to;
  }
  Rig rig;
  rig.options.routes.own = {at("192.0.2.1:25")};
  rig.result = "bob@[192.0.2.1]";
  rig.run(fails_at_once);
  EXPECT_EQ(rig.result, "5.4.6");
}

TEST(Inner, OtherPortsOfThisMachineAreOthers) {
  Rig rig;
  rig.options.routes.own = {at("192.0.2.2:2525"), at("0.0.0.0:587")};
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  rig.run(arrives);
  EXPECT_EQ(busan.mails.size(), 1u);
}

// One address that is none does not keep the mail from the other.
TEST(Inner, TheOtherAddressIsUsed) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  rig.sim.resolver().add("mx.busan.test. AAAA ::1");
  Peer& busan = rig.peer("mx.busan.test", "192.0.2.2");
  rig.run(arrives);
  EXPECT_EQ(busan.mails.size(), 1u);
}

TEST(Inner, PrivateNetworksAsTheOperatorSays) {
  for (bool allowed : {true, false}) {
    Rig rig;
    rig.options.routes.private_networks = allowed;
    rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
    Peer& busan = rig.peer("mx.busan.test", "10.0.0.2");
    rig.run(allowed ? arrives : fails_at_once);
    EXPECT_EQ(rig.result, allowed ? "2.0.0" : "5.4.4");
    EXPECT_EQ(busan.connections, allowed ? 1u : 0u);
  }
}

TEST(Inner, ARouteOrTheConfigurationLeadsAnywhere) {
  for (bool by_route : {true, false}) {
    Rig rig;
    Peer& inner = rig.peer("mx.busan.test", "169.254.0.2");
    if (by_route) {
      rig.options.routes.smarthosts = {{.pattern = "*", .host = "169.254.0.2"}};
    } else {
      rig.options.routes.inner_networks = {*io::IpPrefix::parse("169.254.0.0/16")};
      rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
    }
    rig.run(arrives);
    EXPECT_EQ(rig.result, "2.0.0");
    EXPECT_EQ(inner.mails.size(), 1u);
  }
}

// Behind NAT no address of ours tells; the server that answers does.
TEST(Inner, AServerThatGreetsByOurNameIsOurselves) {
  Rig rig;
  rig.sim.resolver().add("busan.test. MX 10 mx.busan.test.");
  rig.sim.resolver().add("busan.test. MX 20 other.busan.test.");
  Peer& mirror = rig.peer("mx.busan.test", "192.0.2.2");
  Peer& other = rig.peer("other.busan.test", "192.0.2.3");
  mirror.answer = [](const std::string& line) {
    return line == "(greeting)" ? "220 MX.Seoul.Test ESMTP" : "";
  };
  rig.run(fails_at_once);
  EXPECT_EQ(rig.result, "5.4.6");
  EXPECT_EQ(mirror.count("EHLO mx.seoul.test"), 0u);
  EXPECT_EQ(other.connections, 0u) << "what is not preferred to us would only send it back";
}

}  // namespace
}  // namespace pabal::deliver

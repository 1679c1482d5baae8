#include "os/resolver.h"

#include <gtest/gtest.h>
#include <map>
#include <mutex>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/error.h"
#include "os/address.h"
#include "os/epoll.h"
#include "os/validating_resolver.h"
#include "rt/task_group.h"

namespace pabal::os {
namespace {

using namespace std::chrono_literals;
using io::DnsAnswer;
using io::RecordType;

std::string wire_name(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    size_t dot = std::min(name.find('.'), name.size());
    out += static_cast<char>(dot);
    out += name.substr(0, dot);
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  return out + '\0';
}

std::string be16(unsigned n) {
  return {static_cast<char>(n >> 8), static_cast<char>(n)};
}

// A name server on loopback that knows a few names and keeps silent about some.
class NameServer {
 public:
  struct Records {
    int rcode = 0;
    std::vector<std::pair<RecordType, std::string>> records;
    bool silent = false;
  };

  NameServer() {
    fd_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    SocketAddress any = to_socket_address(*io::Endpoint::parse("127.0.0.1:0"));
    EXPECT_EQ(bind(fd_, any.get(), any.length), 0);
    stop_ = eventfd(0, EFD_CLOEXEC);
    thread_ = std::thread([this] { serve(); });
  }
  ~NameServer() {
    uint64_t one = 1;
    EXPECT_EQ(write(stop_, &one, sizeof one), 8);
    thread_.join();
    close(stop_);
    close(fd_);
  }

  io::Endpoint at() const { return local_endpoint(fd_); }
  void put(const std::string& name, RecordType type, Records records) {
    std::lock_guard lock(mutex_);
    known_[{wire_name(name), static_cast<unsigned>(type)}] = std::move(records);
  }

 private:
  void serve() {
    pollfd waiting[2] = {{.fd = fd_, .events = POLLIN}, {.fd = stop_, .events = POLLIN}};
    for (;;) {
      if (poll(waiting, 2, -1) < 0) continue;
      if (waiting[1].revents != 0) return;
      char query[2048];
      SocketAddress from;
      ssize_t n = recvfrom(fd_, query, sizeof query, 0, from.get(), &from.length);
      if (n < 17) continue;
      std::string reply = answer(std::string_view(query, static_cast<size_t>(n)));
      if (!reply.empty()) sendto(fd_, reply.data(), reply.size(), 0, from.get(), from.length);
    }
  }

  std::string answer(std::string_view query) {
    size_t end = query.find('\0', 12) + 1;  // test names have no zero octets in labels
    std::string name(query.substr(12, end - 12));
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    unsigned type = static_cast<unsigned char>(query[end]) << 8 | static_cast<unsigned char>(query[end + 1]);
    Records found{.rcode = 3};
    {
      std::lock_guard lock(mutex_);
      for (auto& [key, records] : known_) {
        if (key.first == name) found.rcode = 0;
      }
      if (auto it = known_.find({name, type}); it != known_.end()) found = it->second;
    }
    if (found.silent) return {};
    std::string out(query.substr(0, 2));
    out += be16(0x8580 | static_cast<unsigned>(found.rcode)) + be16(1);
    out += be16(static_cast<unsigned>(found.records.size())) + be16(0) + be16(0);
    out += query.substr(12, end + 4 - 12);
    std::string owner = be16(0xC00C);
    for (auto& [record_type, rdata] : found.records) {
      out += owner + be16(static_cast<unsigned>(record_type)) + be16(1) + be16(0) + be16(300);
      out += be16(static_cast<unsigned>(rdata.size())) + rdata;
      if (record_type == RecordType::cname) owner = rdata;
    }
    return out;
  }

  int fd_, stop_;
  std::mutex mutex_;
  std::map<std::pair<std::string, unsigned>, Records> known_;
  std::thread thread_;
};

class ResolverTest : public testing::Test {
 protected:
  ResolverOptions options() {
    ResolverOptions options;
    options.forwarders = {server.at()};
    options.private_zones = {"test"};
    return options;
  }

  static rt::Task<void> ask_into(io::Resolver& resolver, std::string name, RecordType type,
                                 Duration time_limit, DnsAnswer& answer) {
    answer = co_await resolver.resolve(name, type, rt::Loop::current().now() + time_limit);
  }

  DnsAnswer ask(const std::string& name, RecordType type, Duration time_limit = 20s) {
    UnboundResolver resolver(options());
    DnsAnswer answer;
    loop.run(ask_into(resolver, name, type, time_limit, answer));
    return answer;
  }

  NameServer server;
  EpollPoller poller;
  rt::Loop loop{poller};
};

TEST_F(ResolverTest, MxRecordsComeWithUncompressedNames) {
  server.put("seoul.test", RecordType::mx,
             {.records = {{RecordType::mx, be16(10) + wire_name("mx.seoul.test")},
                          {RecordType::mx, be16(20) + wire_name("mx2.seoul.test")}}});
  DnsAnswer answer = ask("Seoul.test", RecordType::mx);
  ASSERT_EQ(answer.status, DnsAnswer::ok) << answer.reason;
  EXPECT_EQ(answer.security, io::Security::insecure);
  std::sort(answer.records.begin(), answer.records.end());
  EXPECT_EQ(answer.records,
            (std::vector{be16(10) + wire_name("mx.seoul.test"), be16(20) + wire_name("mx2.seoul.test")}));
  EXPECT_LE(answer.ttl_seconds, 300u);
}

TEST_F(ResolverTest, ACnameIsFollowedAndNamed) {
  server.put("www.seoul.test", RecordType::a,
             {.records = {{RecordType::cname, wire_name("web.busan.test")},
                          {RecordType::a, std::string("\x7F\x00\x00\x05", 4)}}});
  server.put("web.busan.test", RecordType::a,
             {.records = {{RecordType::a, std::string("\x7F\x00\x00\x05", 4)}}});
  DnsAnswer answer = ask("www.seoul.test", RecordType::a);
  ASSERT_EQ(answer.status, DnsAnswer::ok) << answer.reason;
  EXPECT_EQ(answer.canonical_name, "web.busan.test");
  EXPECT_EQ(io::IpAddress::from_octets(answer.records.at(0))->to_string(), "127.0.0.5");
}

TEST_F(ResolverTest, NoNameAndNoDataAreTold) {
  server.put("seoul.test", RecordType::a, {});
  EXPECT_EQ(ask("nowhere.test", RecordType::a).status, DnsAnswer::nx_domain);
  EXPECT_EQ(ask("seoul.test", RecordType::aaaa).status, DnsAnswer::no_data);
}

TEST_F(ResolverTest, AServerThatFailsIsTemporary) {
  server.put("broken.test", RecordType::mx, {.rcode = 2});
  DnsAnswer answer = ask("broken.test", RecordType::mx);
  EXPECT_EQ(answer.status, DnsAnswer::temporary);
  EXPECT_EQ(answer.reason, "SERVFAIL");
}

TEST_F(ResolverTest, SilenceIsTemporaryAtTheDeadline) {
  server.put("silent.test", RecordType::mx, {.silent = true});
  DnsAnswer answer = ask("silent.test", RecordType::mx, 30ms);
  EXPECT_EQ(answer.status, DnsAnswer::temporary);
  EXPECT_EQ(answer.reason, "timeout");
}

TEST_F(ResolverTest, AnUnsignedAnswerBelowATrustAnchorIsBogus) {
  server.put("signed.example", RecordType::a,
             {.records = {{RecordType::a, std::string("\x7F\x00\x00\x05", 4)}}});
  ResolverOptions with_anchor = options();
  with_anchor.trust_anchors = {"signed.example. IN DS 12345 13 2 " + std::string(64, 'A')};
  UnboundResolver resolver(with_anchor);
  DnsAnswer answer;
  loop.run(ask_into(resolver, "signed.example", RecordType::a, 20s, answer));
  EXPECT_EQ(answer.status, DnsAnswer::temporary);
  EXPECT_EQ(answer.security, io::Security::bogus);
  EXPECT_EQ(answer.reason.substr(0, 7), "bogus: ");
}

// As many home routers are: they answer, and leave the signatures out.
class BehindAStrippingResolver : public ResolverTest {
 protected:
  BehindAStrippingResolver() {
    server.put("", RecordType::ns, {.records = {{RecordType::ns, wire_name("a.root-servers.net")}}});
    server.put("busan.example", RecordType::mx,
               {.records = {{RecordType::mx, be16(10) + wire_name("mx.busan.example")}}});
  }
  ResolverOptions validating() {
    ResolverOptions with_anchor = options();
    with_anchor.trust_anchors = {". IN DS 12345 13 2 " + std::string(64, 'A')};
    return with_anchor;
  }
  static rt::Task<void> probe_into(ValidatingResolver& resolver, Duration time_limit, Dnssec& verdict) {
    verdict = co_await resolver.probe(rt::Loop::current().now() + time_limit);
  }
};

TEST_F(BehindAStrippingResolver, ItIsFoundOutAndAnswersAreUsedAsTheyCome) {
  ValidatingResolver resolver(validating());
  std::vector<Dnssec> told;
  resolver.on_verdict([&](Dnssec verdict) { told.push_back(verdict); });
  EXPECT_EQ(resolver.dnssec(), Dnssec::unknown);
  Dnssec verdict = Dnssec::unknown;
  loop.run(probe_into(resolver, 20s, verdict));
  EXPECT_EQ(verdict, Dnssec::stripped);
  EXPECT_EQ(told, std::vector{Dnssec::stripped});
  DnsAnswer answer;
  loop.run(ask_into(resolver, "busan.example", RecordType::mx, 20s, answer));
  EXPECT_EQ(answer.status, DnsAnswer::ok) << answer.reason;
  EXPECT_EQ(answer.security, io::Security::insecure);
}

TEST_F(BehindAStrippingResolver, TheFirstQuestionFindsItOutToo) {
  ValidatingResolver resolver(validating());
  DnsAnswer answer;
  loop.run(ask_into(resolver, "busan.example", RecordType::mx, 20s, answer));
  EXPECT_EQ(answer.status, DnsAnswer::ok) << answer.reason;
  EXPECT_EQ(resolver.dnssec(), Dnssec::stripped);
}

// Without a network nothing is known, and validation stays.
TEST_F(BehindAStrippingResolver, SilenceTellsNothing) {
  server.put("", RecordType::ns, {.silent = true});
  ValidatingResolver resolver(validating());
  Dnssec verdict = Dnssec::off;
  loop.run(probe_into(resolver, 100ms, verdict));
  EXPECT_EQ(verdict, Dnssec::unknown);
  EXPECT_EQ(resolver.dnssec(), Dnssec::unknown);
}

TEST_F(BehindAStrippingResolver, WithoutAnAnchorNobodyAsks) {
  ValidatingResolver resolver(options());
  Dnssec verdict = Dnssec::unknown;
  loop.run(probe_into(resolver, 20s, verdict));
  EXPECT_EQ(verdict, Dnssec::off);
  DnsAnswer answer;
  loop.run(ask_into(resolver, "busan.example", RecordType::mx, 20s, answer));
  EXPECT_EQ(answer.status, DnsAnswer::ok) << answer.reason;
}

rt::Task<void> ask_many(io::Resolver& resolver, std::vector<DnsAnswer>& answers) {
  struct One {
    static rt::Task<void> run(io::Resolver& resolver, std::string name, DnsAnswer& answer) {
      answer = co_await resolver.resolve(name, RecordType::a, rt::Loop::current().now() + 20s);
    }
  };
  rt::TaskGroup group;
  for (size_t i = 0; i < answers.size(); ++i) {
    group.spawn(One::run(resolver, "host" + std::to_string(i % 50) + ".test", answers[i]));
  }
  co_await group.join();
}

TEST_F(ResolverTest, SeveralLoopsAskOneResolver) {
  for (int i = 0; i < 50; ++i) {
    server.put("host" + std::to_string(i) + ".test", RecordType::a,
               {.records = {{RecordType::a, std::string("\x7F\x00\x01", 3) + static_cast<char>(i)}}});
  }
  UnboundResolver resolver(options());
  std::vector<DnsAnswer> here(100), there(100);
  std::thread other([&] {
    EpollPoller other_poller;
    rt::Loop other_loop(other_poller);
    other_loop.run(ask_many(resolver, there));
  });
  loop.run(ask_many(resolver, here));
  other.join();
  for (size_t i = 0; i < 100; ++i) {
    ASSERT_EQ(here[i].status, DnsAnswer::ok) << here[i].reason;
    ASSERT_EQ(there[i].status, DnsAnswer::ok) << there[i].reason;
    EXPECT_EQ(here[i].records.at(0).back(), static_cast<char>(i % 50));
  }
}

TEST(ResolverOptionsTest, ABadAnchorIsRefusedAtTheStart) {
  ResolverOptions bad;
  bad.trust_anchors = {"this is no record"};
  EXPECT_THROW(UnboundResolver{bad}, io::IoError);
}

}  // namespace
}  // namespace pabal::os

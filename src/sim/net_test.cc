#include "sim/net.h"

#include <gtest/gtest.h>

#include "rt/task_group.h"
#include "sim/world.h"

namespace pabal::sim {
namespace {

using std::chrono::seconds;

Instant in(std::chrono::microseconds time) {
  return rt::Loop::current().now() + time;
}

rt::Task<std::unique_ptr<io::Stream>> accept(io::Listener& listener, Instant deadline) {
  for (;;) {
    if (auto stream = listener.try_accept()) co_return stream;
    rt::Wake why = co_await listener.ready(io::Interest::read, deadline);
    if (why == rt::Wake::deadline) throw io::IoError(io::IoFault::timeout, "accept: nobody came");
  }
}

// All that comes until the end.
rt::Task<std::string> read_all(io::Stream& stream, Instant deadline) {
  std::string all;
  std::array<char, 8192> buffer;
  for (;;) {
    io::TryResult result = stream.try_read(buffer);
    if (result.kind == io::TryResult::eof) co_return all;
    if (result.kind == io::TryResult::done) {
      all.append(buffer.data(), result.octets);
    } else {
      co_await io::wait_readable(stream, deadline);
    }
  }
}

// A world with a client, a server that listens on port 25, and what both saw.
struct Pair {
  explicit Pair(uint64_t seed = 1) : sim(seed) {}
  SimWorld sim;
  SimHost& client = sim.host("client", {"192.0.2.1"});
  SimHost& server = sim.host("server", {"192.0.2.25", "2001:db8::25"});
  io::Endpoint at = *io::Endpoint::parse("192.0.2.25:25");
  std::string received;
  std::string client_error;
  std::string server_error;
};

rt::Task<void> serve_once(Pair& pair, std::string reply) {
  try {
    auto listener = pair.server.net().listen(pair.at, {});
    auto stream = co_await accept(*listener, in(seconds(60)));
    pair.received = co_await read_all(*stream, in(seconds(60)));
    co_await io::write_all(*stream, reply, in(seconds(60)));
  } catch (const io::IoError& e) {
    pair.server_error = e.what();
  }
}

rt::Task<void> send_once(Pair& pair, std::string request, std::string& reply) {
  try {
    auto stream = co_await pair.client.net().connect(pair.at, in(seconds(60)));
    co_await io::write_all(*stream, request, in(seconds(60)));
    stream->finish();
    reply = co_await read_all(*stream, in(seconds(60)));
  } catch (const io::IoError& e) {
    pair.client_error = e.what();
  }
}

rt::Task<void> exchange(Pair& pair, std::string request, std::string& reply) {
  rt::TaskGroup group;
  group.spawn(serve_once(pair, "250 OK\r\n"));
  group.spawn(send_once(pair, request, reply));
  co_await group.join();
}

std::string megabyte() {
  SimRandom random(99);
  return random.octets(1 << 20);
}

TEST(SimNet, DeliversAMegabyteIntactInPieces) {
  Pair pair;
  pair.sim.network().conditions().partial_percent = 80;
  std::string reply;
  pair.sim.run(exchange(pair, megabyte(), reply));
  EXPECT_EQ(pair.client_error + pair.server_error, "");
  EXPECT_TRUE(pair.received == megabyte());
  EXPECT_EQ(reply, "250 OK\r\n");
  EXPECT_GT(pair.sim.faults().count(), 100u);
}

TEST(SimNet, TheSameSeedGivesTheSameFingerprint) {
  auto run = [](uint64_t seed) {
    Pair pair(seed);
    std::string reply;
    pair.sim.run(exchange(pair, megabyte(), reply));
    return pair.sim.fingerprint();
  };
  EXPECT_EQ(run(7), run(7));
  EXPECT_NE(run(7), run(8));
}

TEST(SimNet, RefusesWhereNobodyListens) {
  Pair pair;
  std::string reply;
  pair.sim.run(send_once(pair, "hello", reply));
  EXPECT_EQ(pair.client_error, "connect 192.0.2.25:25: connection refused");
}

TEST(SimNet, AHostThatIsNotThereIsUnreachable) {
  Pair pair;
  pair.at = *io::Endpoint::parse("203.0.113.9:25");
  std::string reply;
  pair.sim.run(send_once(pair, "hello", reply));
  EXPECT_EQ(pair.client_error, "connect 203.0.113.9:25: no route to host");
  pair.at = *io::Endpoint::parse("[2001:db8::25]:25");  // the client has no IPv6
  pair.sim.run(send_once(pair, "hello", reply));
  EXPECT_EQ(pair.client_error, "connect [2001:db8::25]:25: network is unreachable");
}

TEST(SimNet, ABlackHoleLetsTheDeadlinePass) {
  Pair pair;
  pair.sim.network().black_hole(pair.at);
  Instant before = pair.sim.poller().now();
  std::string reply;
  pair.sim.run(send_once(pair, "hello", reply));
  EXPECT_EQ(pair.client_error, "connect 192.0.2.25:25: no answer within the time limit");
  EXPECT_EQ(pair.sim.poller().now() - before, seconds(60));
}

TEST(SimNet, AResetBeforeDeliveryLosesTheLastWrite) {
  Pair pair;
  pair.sim.network().conditions().partial_percent = 0;
  pair.sim.network().reset_next({.to = pair.at, .octets = 5});
  std::string reply;
  pair.sim.run(exchange(pair, "hello", reply));
  EXPECT_EQ(pair.client_error, "read from 192.0.2.25:25: connection reset");
  EXPECT_NE(pair.server_error, "");
  EXPECT_EQ(pair.received, "");
}

// The server says 250 and the client never hears of it.
rt::Task<void> acknowledge(Pair& pair, std::string& seen) {
  try {
    auto listener = pair.server.net().listen(pair.at, {});
    auto stream = co_await accept(*listener, in(seconds(60)));
    std::array<char, 64> buffer;
    while (seen.size() < 5) {
      io::TryResult result = stream->try_read(buffer);
      if (result.kind == io::TryResult::done) seen.append(buffer.data(), result.octets);
      if (result.kind == io::TryResult::would_block) co_await io::wait_readable(*stream, in(seconds(60)));
    }
    co_await io::write_all(*stream, "250", in(seconds(60)));
    co_await read_all(*stream, in(seconds(60)));
  } catch (const io::IoError& e) {
    pair.server_error = e.what();
  }
}

rt::Task<void> lost_acknowledgement(Pair& pair, std::string& seen, std::string& reply) {
  rt::TaskGroup group;
  group.spawn(acknowledge(pair, seen));
  group.spawn(send_once(pair, "hello", reply));
  co_await group.join();
}

TEST(SimNet, AResetAfterDeliveryLosesTheAcknowledgement) {
  Pair pair;
  pair.sim.network().reset_next({.to = pair.at, .octets = 5, .after_delivery = true});
  std::string seen, reply;
  pair.sim.run(lost_acknowledgement(pair, seen, reply));
  EXPECT_EQ(seen, "hello");
  EXPECT_EQ(reply, "");
  EXPECT_EQ(pair.client_error, "read from 192.0.2.25:25: connection reset");
  EXPECT_NE(pair.server_error, "");
}

rt::Task<void> heal_later(SimWorld& sim) {
  co_await rt::sleep_for(seconds(30));
  sim.network().heal();
}

rt::Task<void> partitioned(Pair& pair, std::string& reply) {
  rt::TaskGroup group;
  group.spawn(serve_once(pair, "250 OK\r\n"));
  pair.sim.network().partition(pair.client.net().ips()[0], pair.at.ip);
  group.spawn(send_once(pair, "hello", reply));
  group.spawn(heal_later(pair.sim));
  co_await group.join();
}

TEST(SimNet, APartitionHoldsBytesUntilItHeals) {
  Pair pair;
  std::string reply;
  pair.sim.run(partitioned(pair, reply));
  EXPECT_EQ(reply, "250 OK\r\n");
  EXPECT_EQ(pair.client_error + pair.server_error, "");
}

rt::Task<void> fill_window(Pair& pair, size_t& taken, bool& full) {
  auto listener = pair.server.net().listen(pair.at, {});
  auto stream = co_await pair.client.net().connect(pair.at, in(seconds(5)));
  std::string block(10'000, 'x');
  for (;;) {
    io::TryResult result = stream->try_write(block);
    if (result.kind == io::TryResult::done) taken += result.octets;
    if (result.kind == io::TryResult::would_block) break;
  }
  full = co_await stream->writable(in(seconds(5))) == rt::Wake::deadline;
}

TEST(SimNet, TheWindowStopsAWriter) {
  Pair pair;
  size_t taken = 0;
  bool full = false;
  pair.sim.run(fill_window(pair, taken, full));
  EXPECT_EQ(taken, pair.sim.network().conditions().window_octets);
  EXPECT_TRUE(full);
}

rt::Task<void> share_port(Pair& pair, std::vector<int>& accepted) {
  auto first = pair.server.net().listen(pair.at, {.reuse_port = true});
  auto second = pair.server.net().listen(pair.at, {.reuse_port = true});
  EXPECT_THROW(pair.server.net().listen(pair.at, {}), io::IoError);
  EXPECT_THROW(pair.client.net().listen(pair.at, {}), io::IoError);
  for (int i = 0; i < 4; ++i) {
    auto stream = co_await pair.client.net().connect(pair.at, in(seconds(5)));
    accepted.push_back(first->try_accept() ? 1 : second->try_accept() ? 2 : 0);
  }
}

TEST(SimNet, ListenersShareAPortInTurns) {
  Pair pair;
  std::vector<int> accepted;
  pair.sim.run(share_port(pair, accepted));
  EXPECT_EQ(accepted, (std::vector<int>{1, 2, 1, 2}));
}

rt::Task<void> loopback(Pair& pair, std::string& local, std::string& refused) {
  auto listener = pair.server.net().listen(*io::Endpoint::parse("127.0.0.1:0"), {});
  auto stream = co_await pair.server.net().connect(listener->local(), in(seconds(5)));
  local = stream->local().ip.to_string();
  try {
    co_await pair.client.net().connect(listener->local(), in(seconds(5)));
  } catch (const io::IoError& e) {
    refused = e.what();
  }
}

TEST(SimNet, LoopbackIsOnesOwn) {
  Pair pair;
  std::string local, refused;
  pair.sim.run(loopback(pair, local, refused));
  EXPECT_EQ(local, "127.0.0.1");
  EXPECT_TRUE(refused.ends_with("connection refused"));
}

TEST(SimNet, EveryOperationCanFail) {
  for (uint64_t n = 0;; ++n) {
    ASSERT_LT(n, 1000u);
    Pair pair;
    pair.sim.faults().fail_at(n);
    std::string reply;
    pair.sim.run(exchange(pair, std::string(100'000, 'm'), reply));
    if (!pair.sim.faults().fired()) {
      EXPECT_EQ(reply, "250 OK\r\n");
      EXPECT_GT(n, 10u);
      break;
    }
    EXPECT_NE(pair.client_error + pair.server_error, "") << pair.sim.faults().fired_operation();
  }
}

rt::Task<void> lose_power(Pair& pair, std::string& reply) {
  rt::TaskGroup group;
  group.spawn(serve_once(pair, "250 OK\r\n"));
  group.spawn(send_once(pair, std::string(1 << 20, 'm'), reply));
  co_await rt::sleep_for(std::chrono::milliseconds(10));
  pair.server.power_off();
  co_await group.join();
  co_await rt::sleep_for(seconds(1));  // the last reset is under way
  pair.server.power_on();
}

TEST(SimHost, PowerOffBreaksItsConnections) {
  Pair pair;
  std::string reply;
  pair.sim.run(lose_power(pair, reply));
  EXPECT_NE(pair.client_error, "");
  EXPECT_NE(pair.server_error, "");
  EXPECT_EQ(pair.sim.network().connections(), 0u);
}

}  // namespace
}  // namespace pabal::sim

#include <algorithm>
#include <cstdlib>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/address.h"
#include "os/epoll.h"
#include "os/socket.h"
#include "rt/task_group.h"

namespace pabal::os {
namespace {

using namespace std::chrono_literals;
using io::Endpoint;
using io::IoError;
using io::IoFault;
using io::Listener;
using io::Stream;
using io::TryResult;
using rt::Task;
using rt::TaskGroup;

const Endpoint kAnyPort = *Endpoint::parse("127.0.0.1:0");

class NetTest : public testing::Test {
 protected:
  EpollPoller poller;
  rt::Loop loop{poller};
  SocketNet net;
};

Instant soon() {
  return rt::Loop::current().now() + 20s;
}

Task<std::unique_ptr<Stream>> accept_one(Listener& listener) {
  for (;;) {
    if (auto stream = listener.try_accept()) co_return stream;
    rt::Wake why = co_await listener.ready(io::Interest::read, soon());
    if (why == rt::Wake::deadline) throw IoError(IoFault::timeout, "nobody connects");
  }
}

Task<std::string> read_to_end(Stream& stream) {
  std::string all;
  std::vector<char> buffer(50'000);
  for (;;) {
    TryResult result = stream.try_read(buffer);
    if (result.kind == TryResult::eof) co_return all;
    if (result.kind == TryResult::done) all.append(buffer.data(), result.octets);
    if (result.kind == TryResult::would_block) co_await io::wait_readable(stream, soon());
  }
}

struct Pair {
  std::unique_ptr<Stream> client, server;
};

Task<Pair> make_pair(SocketNet& net, Endpoint at) {
  auto listener = net.listen(at, {});
  Pair pair;
  pair.client = co_await net.connect(listener->local(), soon());
  pair.server = co_await accept_one(*listener);
  co_return pair;
}

std::string noise(size_t size) {
  std::string bytes(size, '\0');
  uint32_t state = 12345;
  for (char& c : bytes) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return bytes;
}

Task<void> send_and_finish(Stream& stream, const std::string& bytes) {
  co_await io::write_all(stream, bytes, soon());
  stream.finish();
}

Task<void> read_into(Stream& stream, std::string& got) {
  got = co_await read_to_end(stream);
}

// One coroutine waits for a stream at a time, so each direction has its turn.
Task<void> exchange(SocketNet& net, Endpoint at, std::string sent, std::string& there, std::string& back) {
  Pair pair = co_await make_pair(net, at);
  TaskGroup group;
  group.spawn(send_and_finish(*pair.client, sent));
  there = co_await read_to_end(*pair.server);
  co_await group.join();
  group.spawn(read_into(*pair.client, back));
  co_await send_and_finish(*pair.server, sent);
  co_await group.join();
}

TEST_F(NetTest, EightMegabytesBothWaysOverIpv4) {
  std::string sent = noise(8 << 20), there, back;
  loop.run(exchange(net, kAnyPort, sent, there, back));
  EXPECT_TRUE(there == sent);
  EXPECT_TRUE(back == sent);
}

TEST_F(NetTest, Ipv6) {
  std::string there, back;
  try {
    loop.run(exchange(net, *Endpoint::parse("[::1]:0"), "over six", there, back));
  } catch (const IoError& e) {
    if (e.fault() == IoFault::unreachable) GTEST_SKIP() << "this machine has no IPv6: " << e.what();
    throw;
  }
  EXPECT_EQ(back, "over six");
}

class LocalSocketTest : public NetTest {
 protected:
  void SetUp() override {
    char name[] = "/tmp/pabal-net-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory = name;
    endpoint.path = directory + "/mail.sock";
  }
  void TearDown() override {
    unlink(endpoint.path.c_str());
    rmdir(directory.c_str());
  }
  std::string directory;
  Endpoint endpoint;
};

TEST_F(LocalSocketTest, BigDataBothWays) {
  std::string sent = noise(8 << 20), there, back;
  loop.run(exchange(net, endpoint, sent, there, back));
  EXPECT_TRUE(there == sent);
  EXPECT_TRUE(back == sent);
}

Task<void> check_local_names(SocketNet& net, Endpoint at) {
  Pair pair = co_await make_pair(net, at);
  EXPECT_EQ(pair.client->peer(), at);
  EXPECT_EQ(pair.server->peer(), at);
  EXPECT_EQ(pair.server->local(), at);
}

TEST_F(LocalSocketTest, BothEndsAreNamedByThePath) {
  loop.run(check_local_names(net, endpoint));
}

Task<void> listen_twice(SocketNet& net, Endpoint at) {
  {
    auto listener = net.listen(at, {});
    struct stat found;
    EXPECT_EQ(stat(at.path.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0660u);
    EXPECT_THROW(net.listen(at, {}), IoError);
    // What a crash leaves: the file without its listener.
    EXPECT_EQ(rename(at.path.c_str(), (at.path + ".kept").c_str()), 0);
  }
  EXPECT_EQ(rename((at.path + ".kept").c_str(), at.path.c_str()), 0);
  auto again = net.listen(at, {});
  auto client = co_await net.connect(at, soon());
  again.reset();
  EXPECT_NE(access(at.path.c_str(), F_OK), 0);
}

TEST_F(LocalSocketTest, AStaleFileIsReplacedAndALiveOneIsNot) {
  loop.run(listen_twice(net, endpoint));
}

Task<void> pass_deadline(SocketNet& net) {
  Pair pair = co_await make_pair(net, kAnyPort);
  Instant deadline = rt::Loop::current().now() + 5ms;
  EXPECT_EQ(co_await pair.server->readable(deadline), rt::Wake::deadline);
  EXPECT_GE(rt::Loop::current().now(), deadline);
  bool timed_out = false;
  try {
    co_await io::wait_readable(*pair.server, rt::Loop::current().now());
  } catch (const IoError& e) {
    timed_out = e.fault() == IoFault::timeout;
  }
  EXPECT_TRUE(timed_out);
  // The stream is as good as before.
  co_await io::write_all(*pair.client, "late", soon());
  pair.client->finish();
  EXPECT_EQ(co_await read_to_end(*pair.server), "late");
}

TEST_F(NetTest, ADeadlineEndsAWaitAndLeavesTheStreamWhole) {
  loop.run(pass_deadline(net));
}

Task<void> write_to_deaf_peer(SocketNet& net) {
  Pair pair = co_await make_pair(net, kAnyPort);
  std::string big = noise(64 << 20);
  bool timed_out = false;
  try {
    co_await io::write_all(*pair.client, big, rt::Loop::current().now() + 5ms);
  } catch (const IoError& e) {
    timed_out = e.fault() == IoFault::timeout;
  }
  EXPECT_TRUE(timed_out);
}

TEST_F(NetTest, APeerThatTakesNothingEndsAWriteAtTheDeadline) {
  loop.run(write_to_deaf_peer(net));
}

Task<void> wake_it(Stream& stream) {
  stream.wake();
  co_return;
}

Task<void> wake_streams(SocketNet& net) {
  Pair pair = co_await make_pair(net, kAnyPort);
  pair.server->wake();
  EXPECT_EQ(co_await pair.server->readable(soon()), rt::Wake::woken);
  TaskGroup group;
  group.spawn(wake_it(*pair.server));
  EXPECT_EQ(co_await pair.server->readable(soon()), rt::Wake::woken);
  co_await group.join();

  // A wake during a write is for whoever reads next.
  std::string big = noise(16 << 20), got;
  group.spawn(wake_it(*pair.server));
  group.spawn(read_into(*pair.client, got));
  co_await io::write_all(*pair.server, big, soon());
  EXPECT_TRUE(co_await io::wait_readable(*pair.server, soon()));
  pair.server->finish();
  co_await group.join();
  EXPECT_TRUE(got == big);
}

TEST_F(NetTest, WakeReachesTheWaiterOfNowOrOfNextTime) {
  loop.run(wake_streams(net));
}

Task<void> connect_to(SocketNet& net, Endpoint to, IoFault& fault, std::string& what) {
  try {
    co_await net.connect(to, soon());
  } catch (const IoError& e) {
    fault = e.fault();
    what = e.what();
  }
}

Task<void> find_closed_port(SocketNet& net, Endpoint& closed) {
  closed = net.listen(kAnyPort, {})->local();
  co_return;
}

TEST_F(NetTest, ARefusedConnectSaysSo) {
  Endpoint closed;
  loop.run(find_closed_port(net, closed));
  IoFault fault = IoFault::other;
  std::string what;
  loop.run(connect_to(net, closed, fault, what));
  EXPECT_EQ(fault, IoFault::refused);
  EXPECT_EQ(what, "connect " + closed.to_string() + ": Connection refused");
}

TEST_F(LocalSocketTest, AMissingLocalSocketIsAnError) {
  IoFault fault = IoFault::timeout;
  std::string what;
  loop.run(connect_to(net, endpoint, fault, what));
  EXPECT_EQ(fault, IoFault::other);
  EXPECT_NE(what.find("No such file"), std::string::npos);
}

// A raw descriptor that connects, so that the test decides how it closes.
int raw_connect(const Endpoint& to) {
  SocketAddress address = to_socket_address(to);
  int fd = socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(connect(fd, address.get(), address.length), 0);
  return fd;
}

Task<void> be_reset(SocketNet& net) {
  auto listener = net.listen(kAnyPort, {});
  int fd = raw_connect(listener->local());
  auto server = co_await accept_one(*listener);
  Endpoint peer = server->peer();
  linger reset{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  close(fd);
  IoFault fault = IoFault::other;
  try {
    co_await io::wait_readable(*server, soon());
    char octet;
    server->try_read({&octet, 1});
  } catch (const IoError& e) {
    fault = e.fault();
  }
  EXPECT_EQ(fault, IoFault::reset);
  EXPECT_EQ(server->peer(), peer);
}

TEST_F(NetTest, AResetIsAnErrorAndThePeerIsStillKnown) {
  loop.run(be_reset(net));
}

Task<void> read_then_eof(SocketNet& net) {
  auto listener = net.listen(kAnyPort, {});
  int fd = raw_connect(listener->local());
  EXPECT_EQ(send(fd, "QUIT\r\n", 6, 0), 6);
  close(fd);
  auto server = co_await accept_one(*listener);
  EXPECT_EQ(co_await read_to_end(*server), "QUIT\r\n");
}

TEST_F(NetTest, DataBeforeTheEndIsReadFirst) {
  loop.run(read_then_eof(net));
}

Task<void> end_with_partner(Pair& mine, Pair& other, int& closed) {
  co_await mine.server->readable(soon());
  // Both became ready in one batch: whoever runs first takes the other's end.
  other.client.reset();
  ++closed;
}

Task<void> destroy_in_the_middle(SocketNet& net) {
  Pair a = co_await make_pair(net, kAnyPort);
  Pair b = co_await make_pair(net, kAnyPort);
  int closed = 0;
  TaskGroup group;
  group.spawn(end_with_partner(a, b, closed));
  group.spawn(end_with_partner(b, a, closed));
  co_await io::write_all(*a.client, "x", soon());
  co_await io::write_all(*b.client, "x", soon());
  co_await group.join();
  EXPECT_EQ(closed, 2);
}

TEST_F(NetTest, StreamsMayGoWhileTheirEventsArePending) {
  loop.run(destroy_in_the_middle(net));
}

class Forgetful : public Watcher {
 public:
  void on_events(uint32_t) override {
    ++told;
    if (kill != nullptr) poller->remove(slot_of_kill);
    kill = nullptr;
  }
  EpollPoller* poller = nullptr;
  Forgetful* kill = nullptr;
  uint32_t slot_of_kill = 0;
  int told = 0;
};

TEST_F(NetTest, AnEventOfARemovedWatcherIsDropped) {
  int one[2], two[2];
  ASSERT_EQ(pipe(one), 0);
  ASSERT_EQ(pipe(two), 0);
  Forgetful a, b;
  uint32_t slot_a = poller.add(one[0], 1 /* EPOLLIN */, a);
  uint32_t slot_b = poller.add(two[0], 1, b);
  a.poller = b.poller = &poller;
  a.kill = &b, a.slot_of_kill = slot_b;
  b.kill = &a, b.slot_of_kill = slot_a;
  EXPECT_EQ(write(one[1], "x", 1), 1);
  EXPECT_EQ(write(two[1], "x", 1), 1);
  poller.wait(Instant{});
  EXPECT_EQ(a.told + b.told, 1);
  for (int fd : {one[0], one[1], two[0], two[1]}) close(fd);
}

Task<void> accept_many(SocketNet& net, size_t count) {
  auto listener = net.listen(kAnyPort, {});
  std::vector<std::unique_ptr<Stream>> clients, servers;
  for (size_t i = 0; i < count; ++i) clients.push_back(co_await net.connect(listener->local(), soon()));
  while (servers.size() < count) servers.push_back(co_await accept_one(*listener));
  EXPECT_EQ(listener->try_accept(), nullptr);
  for (size_t i = 0; i < count; ++i) {
    std::string text = "to " + std::to_string(i);
    co_await send_and_finish(*clients[i], text);
    auto same = std::find_if(servers.begin(), servers.end(),
                             [&](auto& s) { return s->peer() == clients[i]->local(); });
    if (same == servers.end()) {
      ADD_FAILURE() << "no server has the client's port";
      co_return;
    }
    EXPECT_EQ(co_await read_to_end(**same), text);
  }
}

TEST_F(NetTest, ManyConnectionsOfOneListener) {
  loop.run(accept_many(net, 200));
}

Task<void> share_port(SocketNet& net) {
  auto first = net.listen(kAnyPort, {.reuse_port = true});
  auto second = net.listen(first->local(), {.reuse_port = true});
  EXPECT_EQ(first->local(), second->local());
  EXPECT_THROW(net.listen(first->local(), {}), IoError);
  co_return;
}

TEST_F(NetTest, LoopsMayShareAPort) {
  loop.run(share_port(net));
}

Task<void> sleep_a_little(Duration d) {
  co_await rt::sleep_for(d);
}

TEST_F(NetTest, TimersAreNeverEarly) {
  Instant before = poller.now();
  loop.run(sleep_a_little(3ms));
  EXPECT_GE(poller.now() - before, 3ms);
}

}  // namespace
}  // namespace pabal::os

#include "listen/seats.h"

#include <gtest/gtest.h>
#include <thread>
#include <vector>

namespace pabal::listen {
namespace {

io::Endpoint at(const char* ip, uint16_t port = 40000) {
  return {*io::IpAddress::parse(ip), port, {}};
}

TEST(Seats, AreCountedInAllAndByHost) {
  Seats seats(3, 2);
  auto first = seats.take(at("192.0.2.1"));
  auto second = seats.take(at("192.0.2.1", 40001));
  ASSERT_TRUE(first && second);
  auto third = seats.take(at("192.0.2.1", 40002));
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().of_host, 2u);
  EXPECT_EQ(third.error().open, 2u);
  auto other = seats.take(at("192.0.2.2"));
  ASSERT_TRUE(other);
  EXPECT_FALSE(seats.take(at("192.0.2.3"))) << "all are taken";
}

TEST(Seats, AreGivenBack) {
  Seats seats(1, 1);
  {
    auto seat = seats.take(at("192.0.2.1"));
    ASSERT_TRUE(seat);
    Seats::Seat moved = std::move(*seat);
    EXPECT_FALSE(seats.take(at("192.0.2.1")));
  }
  EXPECT_TRUE(seats.take(at("192.0.2.1")));
}

TEST(Seats, AHostOfIPv6HasItsWholeNetwork) {
  Seats seats(10, 1);
  auto seat = seats.take(at("2001:db8:0:1::1"));
  ASSERT_TRUE(seat);
  EXPECT_FALSE(seats.take(at("2001:db8:0:1:ffff::2")));
  EXPECT_TRUE(seats.take(at("2001:db8:0:2::1")));
}

TEST(Seats, ALocalSocketHasNoAddress) {
  Seats seats(3, 1);
  auto first = seats.take({.path = "/run/pabal/lmtp.sock"});
  auto second = seats.take({.path = "/run/pabal/lmtp.sock"});
  EXPECT_TRUE(first && second);
  auto third = seats.take({.path = "/run/pabal/lmtp.sock"});
  EXPECT_FALSE(seats.take({.path = "/run/pabal/lmtp.sock"})) << "the limit for all holds there too";
}

TEST(Seats, AreCountedAcrossThreads) {
  Seats seats(4, 4);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&seats] {
      for (int turn = 0; turn < 1000; ++turn) EXPECT_TRUE(seats.take(at("192.0.2.1")));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<std::expected<Seats::Seat, Seats::Full>> all;
  for (int i = 0; i < 4; ++i) all.push_back(seats.take(at("192.0.2.1")));
  for (const auto& seat : all) EXPECT_TRUE(seat);
  EXPECT_FALSE(seats.take(at("192.0.2.1")));
}

}  // namespace
}  // namespace pabal::listen

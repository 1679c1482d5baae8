#include "directory/tallies.h"

#include <gtest/gtest.h>
#include <thread>
#include <vector>

namespace pabal::directory {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const io::IpAddress kHome = *io::IpAddress::parse("192.0.2.1");
const io::IpAddress kStranger = *io::IpAddress::parse("203.0.113.9");
const std::string kAlice = "alice@seoul.test", kBob = "bob@seoul.test";
const Instant kNow{1'000'000'000};

TEST(Tallies, EachFailureIsHeldBackLonger) {
  Tallies tallies(seconds(1));
  Instant now = kNow;
  for (int expected : {1, 2, 4, 8, 16, 16, 16}) {
    Duration held = tallies.failed(kStranger, kAlice, now);
    EXPECT_EQ(held, seconds(expected));
    now = now + held;
    EXPECT_EQ(tallies.turn(kStranger, kAlice, now), Duration(0)) << "who has waited need not wait again";
  }
}

TEST(Tallies, NamesThatNoAccountHasAreNotKept) {
  Tallies tallies(seconds(1));
  const std::string one(Tallies::kNameOctetsMax + 1, 'a'), other(40'000, 'b');
  EXPECT_EQ(tallies.failed(kStranger, one, kNow), seconds(1));
  EXPECT_EQ(tallies.failed(kHome, other, kNow), seconds(2)) << "the second failure of them all";
  EXPECT_EQ(tallies.failed(*io::IpAddress::parse("198.51.100.7"), kAlice, kNow), seconds(1));
}

TEST(Tallies, WhoGuessesByManyConnectionsWaitsAllTheSame) {
  Tallies tallies(seconds(1));
  EXPECT_EQ(tallies.turn(kStranger, kAlice, kNow), Duration(0));
  tallies.failed(kStranger, kAlice, kNow);
  EXPECT_EQ(tallies.turn(kStranger, kAlice, kNow), seconds(1));
  EXPECT_EQ(tallies.turn(kStranger, kBob, kNow), seconds(2)) << "one behind the other";
  for (int i = 0; i < 100; ++i) tallies.turn(kStranger, kBob, kNow);
  EXPECT_EQ(tallies.turn(kStranger, kBob, kNow), Tallies::kDelayMax) << "and never for ever";
}

TEST(Tallies, NobodyIsLockedOutByWhatStrangersTry) {
  Tallies tallies(seconds(1));
  tallies.succeeded(kHome, kAlice, kNow);
  for (int i = 0; i < 1000; ++i) tallies.failed(kStranger, kAlice, kNow);
  EXPECT_EQ(tallies.turn(kHome, kAlice, kNow), Duration(0));
  const io::IpAddress elsewhere = *io::IpAddress::parse("198.51.100.7");
  EXPECT_EQ(tallies.turn(elsewhere, kAlice, kNow), Duration(0)) << "not where he never was either";
  // Nor by those that share his address, as long as they do not guess at his account.
  for (int i = 0; i < 1000; ++i) tallies.failed(kHome, kBob, kNow);
  EXPECT_EQ(tallies.turn(kHome, kAlice, kNow), Duration(0));
  EXPECT_EQ(tallies.turn(kHome, kBob, kNow), Tallies::kDelayMax);
}

TEST(Tallies, GuessesAtOneAccountFromEverywhereAreHeldBackLonger) {
  Tallies tallies(seconds(1));
  Duration held{};
  for (const char* ip : {"203.0.113.1", "203.0.113.2", "203.0.113.3"})
    held = tallies.failed(*io::IpAddress::parse(ip), kAlice, kNow);
  EXPECT_EQ(held, seconds(4));
}

TEST(Tallies, AHostOfIPv6IsItsNetwork) {
  Tallies tallies(seconds(1));
  tallies.failed(*io::IpAddress::parse("2001:db8:0:1::1"), kAlice, kNow);
  EXPECT_EQ(tallies.turn(*io::IpAddress::parse("2001:db8:0:1:2::3"), kBob, kNow), seconds(1));
  EXPECT_EQ(tallies.turn(*io::IpAddress::parse("2001:db8:0:2::1"), kBob, kNow), Duration(0));
}

TEST(Tallies, Forgets) {
  Tallies tallies(seconds(1));
  for (int i = 0; i < 5; ++i) tallies.failed(kStranger, kAlice, kNow);
  const Instant later = kNow + Tallies::kForgottenAfter + seconds(1);
  EXPECT_EQ(tallies.turn(kStranger, kAlice, later), Duration(0));
  EXPECT_EQ(tallies.failed(kStranger, kAlice, later), seconds(1));
}

TEST(Tallies, AreSafeOnAllThreads) {
  Tallies tallies(seconds(1));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&tallies, i] {
      const std::string account = "user" + std::to_string(i);
      for (int turn = 0; turn < 1000; ++turn) {
        tallies.turn(kStranger, account, kNow);
        tallies.failed(kStranger, account, kNow);
        tallies.succeeded(kHome, account, kNow);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(tallies.failed(kStranger, kAlice, kNow), Tallies::kDelayMax);
}

TEST(Fading, IsBounded) {
  Fading<int, int> map(10);
  map[0] = 1;
  for (int i = 1; i < 1000; ++i) {
    map[i] = i;
    EXPECT_LE(map.size(), 10u);
    ASSERT_NE(map.find(0), nullptr) << "what is asked for stays";
  }
  EXPECT_EQ(*map.find(0), 1);
  EXPECT_EQ(map.find(500), nullptr);
}

}  // namespace
}  // namespace pabal::directory

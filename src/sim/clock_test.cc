#include "sim/clock.h"

#include <gtest/gtest.h>

#include "rt/task_group.h"
#include "sim/world.h"

namespace pabal::sim {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

rt::Task<void> wait_for(std::chrono::microseconds time, std::string name, std::vector<std::string>& done) {
  co_await rt::sleep_for(time);
  done.push_back(name);
}

rt::Task<void> two_days(SimWorld& sim, std::vector<std::string>& done) {
  rt::TaskGroup group;
  group.spawn(wait_for(hours(48), "two days", done));
  group.spawn(wait_for(hours(24), "a day", done));
  group.spawn(wait_for(hours(24), "a day, parked later", done));
  sim.poller().at(sim.poller().now() + seconds(1), [&done] { done.push_back("a second"); });
  co_await group.join();
}

TEST(SimClock, TimeJumpsToTheNextTimerOrEvent) {
  SimWorld sim(1);
  Time start = sim.clock().now();
  EXPECT_EQ(to_rfc3339(start), "2025-11-21T00:00:00.000Z");
  std::vector<std::string> done;
  sim.run(two_days(sim, done));
  EXPECT_EQ(done, (std::vector<std::string>{"a second", "a day", "a day, parked later", "two days"}));
  EXPECT_EQ(sim.clock().now() - start, hours(48));
}

TEST(SimClock, SettingTheClockMovesNoDeadline) {
  SimWorld sim(1);
  Instant before = sim.poller().now();
  sim.clock().shift(-hours(5));
  EXPECT_EQ(to_rfc3339(sim.clock().now()), "2025-11-20T19:00:00.000Z");
  EXPECT_EQ(sim.poller().now(), before);
}

rt::Task<void> wait_forever(rt::Event& event) {
  co_await event.wait();
}

TEST(SimClockDeathTest, SaysThatNothingCanEverHappen) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  SimWorld sim(1);
  rt::Event event;
  EXPECT_DEATH(sim.run(wait_forever(event)), "deadlock: nothing can ever happen");
}

rt::Task<void> turn_forever() {
  for (;;) co_await rt::sleep_for(seconds(0));
}

TEST(SimClockDeathTest, SaysThatTimeStandsStill) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  SimWorld sim(1);
  sim.poller().set_turns_max(1000);
  EXPECT_DEATH(sim.run(turn_forever()), "livelock: coroutines go on, but time does not");
}

rt::Task<void> offloaded(io::World world, std::vector<int>& order) {
  rt::Offload first(world.blocking, [&order] { order.push_back(1); });
  rt::Offload second(world.blocking, [&order] {
    order.push_back(2);
    return 7;
  });
  co_await first;
  int result = co_await second;
  order.push_back(result);
}

TEST(SimExecutor, RunsOnTheLoop) {
  SimWorld sim(1);
  std::vector<int> order;
  sim.run(offloaded(sim.host("mx", {"192.0.2.1"}).world(), order));
  EXPECT_EQ(order, (std::vector<int>{1, 2, 7}));
}

TEST(SimRandom, FollowsFromTheSeed) {
  SimRandom a(5), b(5), c(6);
  EXPECT_EQ(a.octets(33), b.octets(33));
  EXPECT_NE(a.octets(33), c.octets(33));
}

}  // namespace
}  // namespace pabal::sim

#include "rt/loop.h"

#include <condition_variable>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <thread>

#include "rt/event.h"
#include "rt/offload.h"
#include "rt/task_group.h"

namespace pabal::rt {
namespace {

using namespace std::chrono_literals;

// Time stands still while anything runs and jumps to the next deadline; when
// there is none, only interrupt() ends a wait.
class ManualPoller : public Poller {
 public:
  Instant now() override { return now_; }
  void wait(Instant until) override {
    if (until != Instant::never()) {
      now_ = std::max(now_, until);
      return;
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return interrupted_; });
    interrupted_ = false;
  }
  void interrupt() override {
    std::lock_guard lock(mutex_);
    interrupted_ = true;
    changed_.notify_one();
  }

 private:
  Instant now_{1'000'000};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool interrupted_ = false;
};

class LoopTest : public testing::Test {
 protected:
  ManualPoller poller;
  Loop loop{poller};
  std::string trace;
};

Task<void> append(std::string& trace, char c) {
  trace += c;
  co_return;
}

Task<void> append_later(std::string& trace, char c, Instant at) {
  co_await sleep_until(at);
  trace += c;
}

Task<void> spawn_letters(std::string& trace) {
  TaskGroup group;
  group.spawn(append(trace, 'a'));
  group.spawn(append(trace, 'b'));
  group.spawn(append(trace, 'c'));
  co_await group.join();
}

TEST_F(LoopTest, ReadyTasksRunInTheOrderOfTheirSpawning) {
  loop.run(spawn_letters(trace));
  EXPECT_EQ(trace, "abc");
}

Task<void> spawn_sleepers(std::string& trace, Instant start) {
  TaskGroup group;
  group.spawn(append_later(trace, 'c', start + 20ms));
  group.spawn(append_later(trace, 'a', start + 10ms));
  group.spawn(append_later(trace, 'd', start + 20ms));
  group.spawn(append_later(trace, 'b', start + 10ms));
  group.spawn(append_later(trace, 'e', start + 20ms));
  co_await group.join();
}

TEST_F(LoopTest, EqualDeadlinesFireInTheOrderOfParking) {
  Instant start = loop.now();
  loop.run(spawn_sleepers(trace, start));
  EXPECT_EQ(trace, "abcde");
  EXPECT_EQ(loop.now() - start, 20ms);
}

Task<void> many_timers(std::vector<int>& fired, Instant start) {
  struct One {
    static Task<void> run(std::vector<int>& fired, int ms, Instant start) {
      co_await sleep_until(start + std::chrono::milliseconds(ms));
      fired.push_back(ms);
    }
  };
  TaskGroup group;
  for (int i = 0; i < 1000; ++i) group.spawn(One::run(fired, i * 7919 % 1009, start));
  co_await group.join();
}

TEST_F(LoopTest, AThousandTimersFireInOrder) {
  std::vector<int> fired;
  loop.run(many_timers(fired, loop.now()));
  ASSERT_EQ(fired.size(), 1000u);
  EXPECT_TRUE(std::is_sorted(fired.begin(), fired.end()));
}

Task<void> fail(std::string what) {
  throw std::runtime_error(what);
  co_return;
}

TEST_F(LoopTest, RunRethrowsWhatEscapedFromTheRoot) {
  EXPECT_THROW(loop.run(fail("out")), std::runtime_error);
}

Task<int> seven() {
  co_return 7;
}

Task<void> sum_of_many(int& sum) {
  for (int i = 0; i < 200'000; ++i) sum += co_await seven();
}

TEST_F(LoopTest, AwaitingManyTasksInARowTakesNoStack) {
  int sum = 0;
  loop.run(sum_of_many(sum));
  EXPECT_EQ(sum, 1'400'000);
}

Task<void> wait_on(Event& event, Instant deadline, std::vector<Wake>& seen) {
  Wake why = co_await event.wait(deadline);
  seen.push_back(why);
}

Task<void> notify_between(std::vector<Wake>& seen, Instant start) {
  Event event;
  TaskGroup group;
  group.spawn(wait_on(event, start + 10ms, seen));
  group.spawn(wait_on(event, start + 30ms, seen));
  group.spawn(wait_on(event, Instant::never(), seen));
  co_await sleep_until(start + 20ms);
  event.notify();
  co_await group.join();
}

TEST_F(LoopTest, NotifyWakesAllWhoStillWaitAndCancelsTheirDeadlines) {
  std::vector<Wake> seen;
  Instant start = loop.now();
  loop.run(notify_between(seen, start));
  EXPECT_EQ(seen, (std::vector{Wake::deadline, Wake::ready, Wake::ready}));
  EXPECT_EQ(loop.now() - start, 20ms);
}

Task<void> notify_and_drop(std::vector<Wake>& seen) {
  TaskGroup group;
  {
    Event event;
    group.spawn(wait_on(event, Instant::never(), seen));
    co_await sleep_for(1ms);
    event.notify();
  }
  co_await group.join();
}

TEST_F(LoopTest, AnEventMayGoOnceItHasWokenItsWaiters) {
  std::vector<Wake> seen;
  loop.run(notify_and_drop(seen));
  EXPECT_EQ(seen, std::vector{Wake::ready});
}

Task<void> join_in_time(std::vector<bool>& ended, Instant start) {
  std::string trace;
  TaskGroup group;
  group.spawn(append_later(trace, 'x', start + 50ms));
  ended.push_back(co_await group.join_until(start + 10ms));
  ended.push_back(co_await group.join_until(start + 100ms));
}

TEST_F(LoopTest, JoinUntilSaysWhetherAllEnded) {
  std::vector<bool> ended;
  Instant start = loop.now();
  loop.run(join_in_time(ended, start));
  EXPECT_EQ(ended, (std::vector{false, true}));
  EXPECT_EQ(loop.now() - start, 50ms);
}

Task<void> wait_forever(Event& event) {
  co_await event.wait();
}

TEST_F(LoopTest, PostFromAnotherThreadWakesAWaitingLoop) {
  Event event;
  std::thread::id ran_on;
  std::thread other([&] {
    loop.post([&] {
      ran_on = std::this_thread::get_id();
      event.notify();
    });
  });
  // Joined after run(): the other thread may be the first.
  struct Root {
    static Task<void> run(Event& event, std::thread::id& ran_on) {
      while (ran_on == std::thread::id()) co_await event.wait();
    }
  };
  loop.run(Root::run(event, ran_on));
  other.join();
  EXPECT_EQ(ran_on, std::this_thread::get_id());
}

class ThreadExecutor : public Executor {
 public:
  ~ThreadExecutor() override {
    for (auto& t : threads_) t.join();
  }
  void execute(std::move_only_function<void()> work) override { threads_.emplace_back(std::move(work)); }

 private:
  std::vector<std::thread> threads_;
};

Task<void> offload_some(Executor& executor, std::thread::id& worker, std::string& error, std::string& text) {
  Offload look(executor, [&worker] { worker = std::this_thread::get_id(); });
  co_await look;
  auto think = [](std::string about) { return about + " thought"; };
  text = co_await offload(executor, think, std::string("a"));
  auto stumble = [] { throw std::runtime_error("stumbled"); };
  try {
    co_await offload(executor, stumble);
  } catch (const std::runtime_error& e) {
    error = e.what();
  }
}

TEST_F(LoopTest, OffloadBringsBackResultsAndExceptions) {
  std::thread::id worker;
  std::string error, text;
  {
    ThreadExecutor executor;
    loop.run(offload_some(executor, worker, error, text));
  }
  EXPECT_EQ(text, "a thought");
  EXPECT_EQ(error, "stumbled");
  EXPECT_NE(worker, std::this_thread::get_id());
}

Task<void> chatter(Event& heard, const bool& stop) {
  while (!stop) {
    heard.notify();
    co_await sleep_until(Instant{});
  }
}

class CountingPoller : public ManualPoller {
 public:
  void wait(Instant until) override {
    ++waits;
    ManualPoller::wait(until);
  }
  int waits = 0;
};

Task<void> keep_busy(CountingPoller& poller) {
  Event heard;
  bool stop = false;
  TaskGroup group;
  group.spawn(chatter(heard, stop));
  while (poller.waits < 100) co_await heard.wait();
  stop = true;
  co_await group.join();
}

TEST(LoopFairness, ABusyLoopStillAsksThePoller) {
  CountingPoller poller;
  Loop loop(poller);
  loop.run(keep_busy(poller));
  EXPECT_GE(poller.waits, 100);
}

TEST(LoopDeathTest, ATaskGroupIsJoined) {
  EXPECT_DEATH(
      {
        ManualPoller poller;
        Loop loop(poller);
        struct Root {
          static Task<void> run() {
            Event never;
            TaskGroup group;
            group.spawn(wait_forever(never));
            co_return;
          }
        };
        loop.run(Root::run());
      },
      "joined before it goes");
}

}  // namespace
}  // namespace pabal::rt

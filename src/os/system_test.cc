#include "os/system.h"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <signal.h>
#include <sstream>
#include <unistd.h>

#include "os/epoll.h"
#include "os/real_world.h"
#include "os/signals.h"
#include "os/threads.h"
#include "rt/task_group.h"

namespace pabal::os {
namespace {

TEST(ThreadPoolTest, DoesWhatIsQueuedBeforeItGoes) {
  std::atomic<int> done = 0;
  {
    ThreadPool pool(3);
    for (int i = 0; i < 1000; ++i) pool.execute([&done] { ++done; });
  }
  EXPECT_EQ(done, 1000);
}

rt::Task<void> square(rt::Executor& executor, int i, int& result) {
  auto work = [](int n) { return n * n; };
  result = co_await rt::offload(executor, work, i);
}

rt::Task<void> square_many(rt::Executor& executor, std::vector<int>& results) {
  rt::TaskGroup group;
  for (size_t i = 0; i < results.size(); ++i) {
    group.spawn(square(executor, static_cast<int>(i), results[i]));
  }
  co_await group.join();
}

TEST(ThreadPoolTest, OffloadComesBackToTheLoop) {
  ThreadPool pool(4);
  std::vector<int> results(2000);
  {
    // The pool outlives the loop and its poller: no post may come too late.
    EpollPoller poller;
    rt::Loop loop(poller);
    loop.run(square_many(pool, results));
  }
  for (int i = 0; i < 2000; ++i) ASSERT_EQ(results[static_cast<size_t>(i)], i * i);
}

TEST(SystemTest, ALogIsReopened) {
  std::string path = testing::TempDir() + "pabal-log-" + std::to_string(getpid());
  SystemClock clock;
  StreamLog log({.path = path}, clock);
  log.info("before");
  std::filesystem::rename(path, path + ".1");
  log.info("between");
  log.reopen();
  log.info("after");
  auto text = [](const std::string& file) {
    std::stringstream all;
    all << std::ifstream(file).rdbuf();
    return all.str();
  };
  EXPECT_TRUE(text(path + ".1").contains("between"));
  EXPECT_FALSE(text(path).contains("between"));
  EXPECT_TRUE(text(path).contains("after"));
  // Where no new one can be, the old one stays.
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  EXPECT_THROW(log.reopen(), io::IoError);
  log.info("still there");
  std::filesystem::remove(path);
  std::filesystem::remove(path + ".1");
}

TEST(SystemTest, RandomOctetsDiffer) {
  SystemRandom random;
  EXPECT_NE(random.octets(32), random.octets(32));
  EXPECT_EQ(random.token(20).size(), 20u);
}

class FixedClock : public io::Clock {
 public:
  Time now() override { return {1'764'000'000'000}; }
};

std::string log_one(LogOptions options) {
  char name[] = "/tmp/pabal-log-XXXXXX";
  int fd = mkstemp(name);
  EXPECT_GE(fd, 0);
  close(fd);
  options.path = name;
  FixedClock clock;
  {
    StreamLog log(options, clock);
    log.debug("smtp.command", {{"verb", "NOOP"}});
    log.info("smtp.accepted", {{"octets", 42}});
  }
  std::stringstream text;
  text << std::ifstream(name).rdbuf();
  std::filesystem::remove(name);
  return text.str();
}

TEST(SystemTest, TheLogHasOneLinePerRecord) {
  // Where people stand; what programs read is UTC.
  setenv("TZ", "KST-9", 1);
  tzset();
  EXPECT_EQ(log_one({}), "2025-11-25T01:00:00.000+09:00 info smtp.accepted octets=42\n");
  EXPECT_EQ(log_one({.format = LogOptions::Format::json}),
            "{\"time\":\"2025-11-24T16:00:00.000Z\",\"level\":\"info\",\"event\":\"smtp.accepted\","
            "\"octets\":42}\n");
  unsetenv("TZ");
  tzset();
}

rt::Task<void> use_world(io::World world, int& answer) {
  auto think = [] { return 42; };
  answer = co_await rt::offload(world.blocking, think);
}

TEST(SystemTest, TheRealWorldIsComplete) {
  RealWorldOptions options;
  options.resolver.forwarders = {*io::Endpoint::parse("127.0.0.1:9")};
  RealWorld real(options);
  EpollPoller poller;
  rt::Loop loop(poller);
  int answer = 0;
  loop.run(use_world(real.world(), answer));
  EXPECT_EQ(answer, 42);
}

rt::Task<void> wait_for_signal(std::vector<int>& seen) {
  SignalWatcher signals;
  kill(getpid(), SIGHUP);
  while (seen.size() < 2) {
    while (auto number = signals.try_take()) {
      seen.push_back(*number);
      if (seen.size() == 1) kill(getpid(), SIGTERM);
    }
    if (seen.size() < 2) co_await signals.ready(io::Interest::read, Instant::never());
  }
}

TEST(SystemTest, SignalsAreAwaited) {
  SignalWatcher::block();
  EpollPoller poller;
  rt::Loop loop(poller);
  std::vector<int> seen;
  loop.run(wait_for_signal(seen));
  EXPECT_EQ(seen, (std::vector{SIGHUP, SIGTERM}));
}

}  // namespace
}  // namespace pabal::os

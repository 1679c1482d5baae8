// Every dialogue against the whole server in memory, and again with each I/O
// operation failing in turn. Whatever fails, no mail that was acknowledged is
// lost, nothing is left running, and the server serves again afterwards.
#include <algorithm>
#include <gtest/gtest.h>
#include <map>

#include "house.h"
#include "io/connection.h"
#include "io/error.h"
#include "rt/task_group.h"
#include "sim/world.h"
#include "support/disk_image.h"

namespace pabal::test {
namespace {

constexpr const char* kServerIp = "192.0.2.1";
constexpr uint16_t kPorts[] = {25, 587, 24, 110, 143};

struct Result {
  std::optional<std::string> mismatch;  // nullopt: went as written
  std::vector<std::string> transcript;
  std::vector<std::string> lost;
  std::string trouble;   // the server could not work at all
  bool goes_on = false;  // afterwards it greets the next one
};

enum class Fault { none, io_error, out_of_memory };

app::Config sim_config() {
  return house_config(kServerIp, "/pabal", {std::begin(kPorts), std::end(kPorts)});
}

rt::Task<void> serve(app::Server& server, std::string& trouble) {
  try {
    co_await server.run();
  } catch (const std::exception& e) {
    trouble = e.what();
  }
}

rt::Task<void> furnish_new(sim::SimHost& host, const Script& script) {
  io::World world = host.world();
  auto store = store::Store::open(world, {.directory = "/pabal", .segment_octets = 1 << 16});
  co_await furnish(*store, world, script);
  co_await store->close();
}

// The files of a furnished house, made once for each kind of script: hashing
// passwords takes longer than everything else here.
const DiskImage& furniture(const Script& script) {
  static std::map<std::pair<size_t, bool>, DiskImage> made;
  DiskImage& image = made[{listener_of(script), has_group(script)}];
  if (!image.empty()) return image;
  sim::SimWorld sim(1);
  sim::SimHost& host = sim.host("mx", {kServerIp});
  sim.run(furnish_new(host, script));
  image = take_image(host.disk(), "/pabal");
  return image;
}

void prepare(sim::SimHost& host, const Script& script) {
  put_image(host.disk(), "/pabal", furniture(script));
}

rt::Task<bool> is_greeted(sim::SimHost& client, io::Endpoint to) {
  Instant patience = rt::Loop::current().now() + std::chrono::seconds(10);
  try {
    io::Connection connection(co_await client.net().connect(to, patience));
    std::string line = co_await connection.read_line(1000, patience);
    co_return line.starts_with("220") || line.starts_with("+OK") || line.starts_with("* OK");
  } catch (const io::IoError&) {
    co_return false;
  }
}

// One play; `at` is the operation that fails, counted from the start of the server,
// or from when it listens.
rt::Task<void> perform(sim::SimWorld& sim, const Script& script, Fault fault, uint64_t at, bool from_start,
                       Result& result) {
  sim::SimHost& mx = sim.host("mx");
  sim::SimHost& client = sim.host("client");
  io::World world = mx.world();
  bool bound = false;
  if (fault == Fault::io_error && from_start) sim.faults().fail_at(at);
  try {
    app::Server server(world, sim_config(), [&bound](const std::vector<io::Endpoint>&) { bound = true; });
    rt::TaskGroup group;
    group.spawn(serve(server, result.trouble));
    Instant patience = rt::Loop::current().now() + std::chrono::seconds(10);
    while (!bound && result.trouble.empty() && rt::Loop::current().now() < patience) {
      co_await rt::sleep_for(std::chrono::milliseconds(10));
    }
    if (fault == Fault::io_error && !from_start) sim.faults().fail_at(at);
    if (fault == Fault::out_of_memory) sim.faults().run_out_of_memory_at(at);
    const io::Endpoint to{*io::IpAddress::parse(kServerIp), kPorts[listener_of(script)], {}};
    if (bound) {
      try {
        std::unique_ptr<io::Stream> stream = co_await client.net().connect(to, patience);
        result.mismatch = co_await sim::play(script.dialogue, *stream, {.transcript = &result.transcript});
      } catch (const std::exception& e) {
        result.mismatch = e.what();
      }
    } else {
      result.mismatch = "the server did not start: " + result.trouble;
    }
    sim.faults().clear();
    if (bound) result.goes_on = co_await is_greeted(client, to);
    server.stop();
    co_await group.join();
  } catch (const std::exception& e) {
    result.mismatch = e.what();
    sim.faults().clear();
  }
  auto store = store::Store::open(world, {.directory = "/pabal", .segment_octets = 1 << 16});
  result.lost = lost(*store, acknowledged(result.transcript));
  std::ranges::move(lost_appends(*store, result.transcript), std::back_inserter(result.lost));
  co_await store->close();
}

struct Stage {
  explicit Stage(uint64_t seed) : sim(seed) {
    sim.host("mx", {kServerIp});
    sim.host("client", {"192.0.2.9"});
    sim.resolver().zone("test");
  }
  sim::SimWorld sim;
};

class Dialogues : public testing::TestWithParam<size_t> {};

TEST_P(Dialogues, GoAsWritten) {
  const Script& script = scripts()[GetParam()];
  Stage stage(1);
  prepare(stage.sim.host("mx"), script);
  Result result;
  stage.sim.run(perform(stage.sim, script, Fault::none, 0, false, result));
  EXPECT_EQ(result.mismatch, std::nullopt) << script.name << ": " << *result.mismatch;
  EXPECT_EQ(result.lost, std::vector<std::string>{});
}

TEST_P(Dialogues, LoseNothingWhenAnyOperationFails) {
  const Script& script = scripts()[GetParam()];
  const Script& plain = *std::ranges::find(scripts(), "smtp-relay-basic", &Script::name);
  // Starting up is the same for all: once is enough.
  bool from_start = script.name == plain.name;
  uint64_t operations = 0, went_on = 0;
  for (;; ++operations) {
    ASSERT_LT(operations, 20'000u) << script.name << " never ends";
    Stage stage(1);
    prepare(stage.sim.host("mx"), script);
    Result result;
    stage.sim.run(perform(stage.sim, script, Fault::io_error, operations, from_start, result));
    bool fired = stage.sim.faults().fired();
    ASSERT_EQ(result.lost, std::vector<std::string>{})
        << script.name << ", operation " << operations << " " << stage.sim.faults().fired_operation();
    if (!fired) break;
    went_on += !result.mismatch.has_value();
    // The fault is over: the server, started again on what is left, serves.
    if (operations % 8 == 0) {
      Result again;
      stage.sim.run(perform(stage.sim, plain, Fault::none, 0, false, again));
      ASSERT_EQ(again.mismatch, std::nullopt)
          << script.name << " after operation " << operations << ": " << *again.mismatch;
    }
  }
  EXPECT_GT(operations, 5u) << "the faults reached nothing";
  RecordProperty("operations", static_cast<int>(operations));
  RecordProperty("unnoticed_by_the_client", static_cast<int>(went_on));
}

// Who runs out of memory ends, and nobody else does.
TEST(MemoryRunsOut, InOneSessionOfEachProtocol) {
  for (const char* name :
       {"smtp-relay-basic", "submission-auth", "lmtp-basic", "pop3-basic", "imap-append"}) {
    auto script = std::ranges::find(scripts(), name, &Script::name);
    ASSERT_NE(script, scripts().end()) << name;
    uint64_t operations = 0;
    for (;; ++operations) {
      ASSERT_LT(operations, 20'000u) << name << " never ends";
      Stage stage(1);
      prepare(stage.sim.host("mx"), *script);
      Result result;
      stage.sim.run(perform(stage.sim, *script, Fault::out_of_memory, operations, false, result));
      const std::string& where = stage.sim.faults().fired_operation();
      ASSERT_TRUE(result.goes_on) << name << ", operation " << operations << " " << where << ": "
                                  << result.trouble;
      ASSERT_EQ(result.lost, std::vector<std::string>{})
          << name << ", operation " << operations << " " << where;
      if (!stage.sim.faults().fired()) break;
    }
    EXPECT_GT(operations, 5u) << "the faults reached nothing";
  }
}

INSTANTIATE_TEST_SUITE_P(All, Dialogues, testing::Range<size_t>(0, scripts().size()),
                         [](const testing::TestParamInfo<size_t>& info) {
                           std::string name = scripts()[info.param].name;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace pabal::test

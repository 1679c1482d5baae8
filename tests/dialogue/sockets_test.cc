// The same dialogues over real sockets, files and DNS.
#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>

#include "app/options.h"
#include "house.h"
#include "os/dns_server.h"
#include "os/epoll.h"
#include "os/real_world.h"
#include "rt/task_group.h"

namespace pabal::test {
namespace {

struct TemporaryDirectory {
  std::string path = (std::filesystem::temp_directory_path() / "pabal-dialogue.XXXXXX").string();
  TemporaryDirectory() {
    if (mkdtemp(path.data()) == nullptr) throw std::runtime_error("no temporary directory");
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path); }
};

rt::Task<void> perform(io::World& world, app::Config config, const Script& script,
                       std::optional<std::string>& mismatch, std::vector<std::string>& transcript) {
  std::vector<io::Endpoint> endpoints;
  app::Server server(world, config,
                     [&endpoints](const std::vector<io::Endpoint>& bound) { endpoints = bound; });
  co_await furnish(server.store(), world, script);
  rt::TaskGroup group;
  group.spawn(server.run());
  Instant patience = rt::Loop::current().now() + std::chrono::seconds(60);
  while (endpoints.empty()) co_await rt::sleep_for(std::chrono::milliseconds(1));
  std::unique_ptr<io::Stream> stream = co_await world.net.connect(endpoints[listener_of(script)], patience);
  mismatch = co_await sim::play(script.dialogue, *stream, {.transcript = &transcript});
  stream.reset();
  server.stop();
  co_await group.join();
}

class RealDialogues : public testing::TestWithParam<size_t> {};

TEST_P(RealDialogues, GoAsWritten) {
  const Script& script = scripts()[GetParam()];
  TemporaryDirectory directory;
  os::DnsServer dns({}, {*io::IpAddress::parse("127.0.0.1"), 0, {}});
  app::Config config = house_config("127.0.0.1", directory.path, {0, 0, 0, 0, 0});
  config.dns.servers = {dns.endpoint().to_string()};
  config.log.level = LogLevel::error;
  os::RealWorld real(app::real_world_options(config).value());
  io::World world = real.world();
  os::EpollPoller poller;
  rt::Loop loop(poller);
  std::optional<std::string> mismatch;
  std::vector<std::string> transcript;
  loop.run(perform(world, config, script, mismatch, transcript));
  EXPECT_EQ(mismatch, std::nullopt) << script.name << ": " << *mismatch;

  std::unique_ptr<store::Store> store = store::Store::open_beside(world, app::store_options(config));
  EXPECT_EQ(lost(*store, acknowledged(transcript)), std::vector<std::string>{});
}

std::vector<size_t> without_waiting() {
  std::vector<size_t> chosen;
  for (size_t i = 0; i < scripts().size(); ++i) {
    if (!scripts()[i].waits) chosen.push_back(i);
  }
  return chosen;
}

INSTANTIATE_TEST_SUITE_P(All, RealDialogues, testing::ValuesIn(without_waiting()),
                         [](const testing::TestParamInfo<size_t>& info) {
                           std::string name = scripts()[info.param].name;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace pabal::test

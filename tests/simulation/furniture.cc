#include "furniture.h"

#include <array>
#include <expected>
#include <stdexcept>
#include <vector>

#include "directory/admin.h"
#include "plan.h"
#include "store/store.h"
#include "support/cheap_password.h"
#include "support/disk_image.h"

namespace pabal::simulation {

namespace {

constexpr const char* kDirectory = "/pabal";
constexpr uint64_t kSmallQuota = 4'000;

template <class T>
T must(std::expected<T, directory::Error> result) {
  if (!result) throw std::runtime_error(result.error());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

struct Household {
  std::vector<std::string> accounts;
  std::vector<std::pair<std::string, std::string>> aliases;
};

const Household& household(size_t server) {
  static const Household all[kServers] = {
      {{"alice", "bob", "erin", "small"},
       {{"team@seoul.test", "carol@busan.test"}, {"ghost@seoul.test", "nobody@busan.test"}}},
      {{"carol", "dave", "frank", "small"}, {}}};
  return all[server];
}

rt::Task<void> make(io::World& world, size_t server) {
  std::unique_ptr<store::Store> store =
      store::Store::open(world, {.directory = kDirectory, .segment_octets = 1 << 16});
  store->execute_now([&](store::Transaction& tx) {
    std::string domain = kDomains[server];
    must(directory::add_domain(*store, tx, domain));
    for (const std::string& name : household(server).accounts) {
      AccountId id = must(directory::add_account(*store, tx, world.random, name + "@" + domain, ""));
      test::set_cheap_password(tx, id, "secret");
    }
    must(directory::set_quota(tx, "small@" + domain, kSmallQuota));
    for (const auto& [alias, target] : household(server).aliases)
      must(directory::add_alias(tx, alias, target));
  });
  co_await store->close();
}

test::DiskImage image_of(size_t server) {
  sim::SimWorld sim(1);
  sim::SimHost& host = sim.host("maker", {kServerIps[server]});
  io::World world = host.world();
  sim.run(make(world, server));
  return test::take_image(host.disk(), kDirectory);
}

}  // namespace

void furnish(sim::SimHost& host, size_t server) {
  static const std::array<test::DiskImage, kServers> images = {image_of(0), image_of(1)};
  test::put_image(host.disk(), kDirectory, images[server]);
}

}  // namespace pabal::simulation

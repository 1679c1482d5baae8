#include "sim/world.h"

#include "base/verify.h"

namespace pabal::sim {

SimHost::SimHost(SimWorld& sim, std::string name, std::vector<io::IpAddress> ips)
    : sim_(sim),
      name_(std::move(name)),
      net_(sim.network(), name_, std::move(ips)),
      disk_(name_, sim.faults(), sim.trace(), sim.clock(), sim.derive_seed()),
      random_(sim.derive_seed()),
      blocking_(sim.poller(), sim.derive_seed()),
      log_(sim.clock()) {}

io::World SimHost::world() {
  return {sim_.clock(), net_, sim_.resolver(), disk_, random_, blocking_, log_};
}

void SimHost::power_off() {
  disk_.crash();
  net_.power(false);
}

void SimHost::kill() {
  disk_.kill();
  net_.power(false);
}

void SimHost::power_on() {
  disk_.restart();
  net_.power(true);
}

SimWorld::SimWorld(uint64_t seed, Time start)
    : random_(seed),
      faults_(trace_),
      poller_(trace_),
      clock_(poller_, start),
      loop_(poller_),
      network_(poller_, faults_, trace_, random_.next()),
      resolver_(poller_, faults_, trace_) {}

// Events hold connections, which belong to the network.
SimWorld::~SimWorld() {
  poller_.forget_events();
}

SimHost& SimWorld::host(const std::string& name, const std::vector<std::string>& ips) {
  std::vector<io::IpAddress> parsed;
  for (const std::string& text : ips) {
    auto ip = io::IpAddress::parse(text);
    verify(ip.has_value(), "a host's address is an IP address");
    parsed.push_back(*ip);
  }
  auto [at, made] = hosts_.emplace(name, nullptr);
  verify(made, "a host is made once");
  at->second = std::make_unique<SimHost>(*this, name, std::move(parsed));
  return *at->second;
}

SimHost& SimWorld::host(const std::string& name) {
  auto found = hosts_.find(name);
  verify(found != hosts_.end(), "a host is made before it is used");
  return *found->second;
}

}  // namespace pabal::sim

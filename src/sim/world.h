// SimWorld: everything outside of the servers under test, in memory and in
// virtual time: one clock, one network, one DNS, and per host a disk,
// randomness and a log. All of it follows from the seed, so that a run can be
// repeated; fingerprint() proves it.
//
//   sim::SimWorld sim(seed);
//   sim::SimHost& mx = sim.host("mx1", {"192.0.2.1"});
//   sim.resolver().add("seoul.test. MX 10 mx1.seoul.test.");
//   io::World world = mx.world();
//   sim.run(scenario(world));
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "io/world.h"
#include "sim/clock.h"
#include "sim/disk.h"
#include "sim/executor.h"
#include "sim/faults.h"
#include "sim/log.h"
#include "sim/net.h"
#include "sim/resolver.h"

namespace pabal::sim {

class SimWorld;

// One machine.
class SimHost {
 public:
  SimHost(SimWorld& sim, std::string name, std::vector<io::IpAddress> ips);

  io::World world();
  const std::string& name() const { return name_; }
  SimNet& net() { return net_; }
  SimDisk& disk() { return disk_; }
  MemoryLog& log() { return log_; }
  SimExecutor& blocking() { return blocking_; }

  // Power is lost: connections break, unsynced writes are in fate's hands, and
  // every operation throws. End the server that ran here, then power_on() and
  // start a new one.
  void power_off();
  // The server's process is killed: as power_off(), but all that was written stays.
  void kill();
  void power_on();

 private:
  SimWorld& sim_;
  std::string name_;
  SimNet net_;
  SimDisk disk_;
  SimRandom random_;
  SimExecutor blocking_;
  MemoryLog log_;
};

class SimWorld {
 public:
  static constexpr Time kStart{1'763'683'200'000};  // 2025-11-21T00:00:00Z

  explicit SimWorld(uint64_t seed, Time start = kStart);
  ~SimWorld();
  SimWorld(const SimWorld&) = delete;
  SimWorld& operator=(const SimWorld&) = delete;

  // Makes a machine with these addresses ("192.0.2.1", "2001:db8::1").
  SimHost& host(const std::string& name, const std::vector<std::string>& ips);
  SimHost& host(const std::string& name);  // made before

  // Runs `root` to its end in virtual time.
  void run(rt::Task<void> root) { loop_.run(std::move(root)); }

  rt::Loop& loop() { return loop_; }
  SimPoller& poller() { return poller_; }
  SimClock& clock() { return clock_; }
  SimNetwork& network() { return network_; }
  SimResolver& resolver() { return resolver_; }
  FaultPlan& faults() { return faults_; }
  Fingerprint& trace() { return trace_; }
  // A new seed that follows from the world's.
  uint64_t derive_seed() { return random_.next(); }

  uint64_t fingerprint() const { return trace_.value(); }

 private:
  Fingerprint trace_;
  SimRandom random_;
  FaultPlan faults_;
  SimPoller poller_;
  SimClock clock_;
  rt::Loop loop_;
  SimNetwork network_;
  SimResolver resolver_;
  std::map<std::string, std::unique_ptr<SimHost>> hosts_;
};

}  // namespace pabal::sim

// One host with a whole Pabal on it: it is started, loses its power, is killed,
// and is started again, as a supervisor would.
#pragma once

#include <memory>
#include <string>

#include "app/server.h"
#include "ledger.h"
#include "plan.h"
#include "rt/event.h"
#include "rt/task_group.h"
#include "sim/world.h"

namespace pabal::simulation {

class Machine {
 public:
  Machine(sim::SimWorld& sim, size_t number, const app::Config& config, Ledger& ledger);

  // Keeps a server running until end() and then until it has stopped.
  rt::Task<void> run();
  void end();

  // Power goes or the process dies, and comes back after `off`.
  void power_off(Duration off);
  void kill(Duration off);

  sim::SimHost& host() { return host_; }
  // nullptr while none runs.
  app::Server* server() { return listening_ ? server_.get() : nullptr; }
  // Waits for a server that listens. False: an hour later none does, and that is
  // noted as a broken promise. For when nothing is broken.
  rt::Task<bool> until_up();

 private:
  rt::Task<void> serve();
  rt::Task<void> run_once();
  void go_down(Duration off);

  sim::SimHost& host_;
  io::World world_;
  app::Config config_;
  Ledger& ledger_;
  std::unique_ptr<app::Server> server_;
  rt::TaskGroup group_;
  rt::Event changed_;
  bool listening_ = false;
  bool serving_ = false;
  bool down_ = false;
  bool ending_ = false;
  Duration off_ = Duration(0);
  int failed_starts_ = 0;
  std::string why_not_ = "says nothing";  // the last time
};

}  // namespace pabal::simulation

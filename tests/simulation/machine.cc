#include "machine.h"

#include "rt/loop.h"

namespace pabal::simulation {

namespace {
constexpr auto kRestartDelay = std::chrono::seconds(2);  // of the supervisor
}

Machine::Machine(sim::SimWorld& sim, size_t number, const app::Config& config, Ledger& ledger)
    : host_(sim.host(kHosts[number], {kServerIps[number]})),
      world_(host_.world()),
      config_(config),
      ledger_(ledger) {}

rt::Task<void> Machine::run() {
  while (!ending_) {
    co_await run_once();
    if (down_) {
      co_await rt::sleep_for(off_);
      host_.power_on();
      down_ = false;
    } else if (!ending_) {
      co_await rt::sleep_for(kRestartDelay);
    }
  }
  ended_ = true;
  changed_.notify();
}

rt::Task<void> Machine::run_once() {
  try {
    server_ = std::make_unique<app::Server>(world_, config_, [this](const std::vector<io::Endpoint>&) {
      listening_ = true;
      if (failed_starts_ > 0) ledger_.mark("started after a failed start");
      failed_starts_ = 0;
      changed_.notify();
    });
  } catch (const std::exception& e) {
    ++failed_starts_;
    ledger_.note(host_.name() + " does not start: " + e.what());
    server_.reset();
    co_return;
  }
  serving_ = true;
  group_.spawn(serve());
  while (serving_ && !down_ && !ending_) co_await changed_.wait();
  listening_ = false;
  server_->stop();
  co_await group_.join();
  server_.reset();
}

rt::Task<void> Machine::serve() {
  try {
    co_await server_->run();
  } catch (const std::exception& e) {
    ++failed_starts_;
    ledger_.note(host_.name() + " stops: " + e.what());
  }
  serving_ = false;
  listening_ = false;
  changed_.notify();
}

void Machine::end() {
  ending_ = true;
  changed_.notify();
}

void Machine::power_off(Duration off) {
  if (down_) return;
  host_.power_off();
  go_down(off);
}

void Machine::kill(Duration off) {
  if (down_) return;
  host_.kill();
  go_down(off);
}

void Machine::go_down(Duration off) {
  down_ = true;
  off_ = off;
  listening_ = false;
  changed_.notify();
}

rt::Task<void> Machine::until_up() {
  while (!listening_ && !ended_) co_await changed_.wait();
}

}  // namespace pabal::simulation

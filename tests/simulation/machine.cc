#include "machine.h"

#include "rt/loop.h"

namespace pabal::simulation {

namespace {
constexpr auto kRestartDelay = std::chrono::seconds(2);  // of the supervisor
constexpr auto kPatience = std::chrono::hours(1);
}  // namespace

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
    why_not_ = "does not start: " + std::string(e.what());
    ledger_.note(host_.name() + " " + why_not_);
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
    why_not_ = "stops: " + std::string(e.what());
    ledger_.note(host_.name() + " " + why_not_);
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

rt::Task<bool> Machine::until_up() {
  Instant until = rt::Loop::current().now() + kPatience;
  while (!listening_ && rt::Loop::current().now() < until) co_await changed_.wait(until);
  if (!listening_) ledger_.violation(host_.name() + ", with nothing broken any more, " + why_not_);
  co_return listening_;
}

}  // namespace pabal::simulation

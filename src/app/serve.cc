#include "app/serve.h"

#include <cstdio>
#include <thread>

#include "app/dnssec.h"
#include "app/options.h"
#include "app/server.h"
#include "os/epoll.h"
#include "os/signals.h"

namespace pabal::app {

namespace {

constexpr Duration kLookForDnssec = std::chrono::seconds(5);

// Stops the server at SIGTERM or SIGINT; a second one changes nothing.
rt::Task<void> stop_at_signal(os::SignalWatcher& signals, Server& server, Log& log, const bool& ended) {
  while (!ended) {
    while (std::optional<int> signal = signals.try_take()) {
      log.info("server.stopping", {{"signal", *signal}});
      server.stop();
    }
    co_await signals.ready(io::Interest::read, Instant::never());
  }
}

// Before somebody waits five days for mail that no answer lets go.
rt::Task<void> look_for_dnssec(os::RealWorld& real, std::string data_directory) {
  io::World world = real.world();
  os::Dnssec verdict = co_await real.resolver().probe(rt::Loop::current().now() + kLookForDnssec);
  bool told = verdict == os::Dnssec::works || verdict == os::Dnssec::stripped;  // by the resolver
  if (!told) note_dnssec(world.log, world.disk, data_directory, verdict);
}

rt::Task<void> run_first_loop(os::RealWorld& real, const Config& config, Server& server, Log& log) {
  os::SignalWatcher signals;
  bool ended = false;
  rt::TaskGroup group;
  group.spawn(stop_at_signal(signals, server, log, ended));
  group.spawn(look_for_dnssec(real, config.server.data_directory));
  std::exception_ptr failure;
  try {
    co_await server.run();
  } catch (...) {
    failure = std::current_exception();
  }
  ended = true;
  signals.wake();
  co_await group.join();
  if (failure) std::rethrow_exception(failure);
}

void run_other_loop(Server& server, Log& log) {
  try {
    os::EpollPoller poller;
    rt::Loop loop(poller);
    loop.run(server.run_front());
  } catch (const std::exception& e) {
    log.error("server.loop_failed", {{"reason", e.what()}});
    server.stop();
  }
}

}  // namespace

int serve(const Config& config) {
  try {
    os::raise_open_files_limit();
    os::set_memory_policy();
    std::expected<os::RealWorldOptions, std::string> options = real_world_options(config);
    if (!options) {
      fprintf(stderr, "pabal: %s\n", options.error().c_str());
      return 1;
    }
    os::SignalWatcher::block();
    os::RealWorld real(*options);
    io::World world = real.world();

    size_t loops = config.server.loops > 0 ? static_cast<size_t>(config.server.loops)
                                           : std::max(1u, std::thread::hardware_concurrency());
    std::vector<std::thread> others;
    Server* running = nullptr;
    auto on_bound = [&](const std::vector<io::Endpoint>& endpoints) {
      for (size_t i = 0; i < endpoints.size(); ++i) {
        world.log.info("server.listening", {{"address", endpoints[i].to_string()}});
      }
      for (size_t i = 1; i < loops; ++i)
        others.emplace_back(run_other_loop, std::ref(*running), std::ref(world.log));
    };
    real.resolver().on_verdict([&](os::Dnssec verdict) {
      note_dnssec(world.log, world.disk, config.server.data_directory, verdict);
    });
    Server server(world, config, on_bound);
    running = &server;
    os::EpollPoller poller;
    rt::Loop loop(poller);
    loop.run(run_first_loop(real, config, server, world.log));
    for (std::thread& thread : others) thread.join();
    world.log.info("server.stopped");
    return 0;
  } catch (const std::exception& e) {
    fprintf(stderr, "pabal: cannot serve: %s\n", e.what());
    return 1;
  }
}

}  // namespace pabal::app

#include "app/serve.h"

#include <cstdio>
#include <thread>

#include "app/options.h"
#include "app/server.h"
#include "os/epoll.h"
#include "os/signals.h"

namespace pabal::app {

namespace {

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

rt::Task<void> run_first_loop(Server& server, Log& log) {
  os::SignalWatcher signals;
  bool ended = false;
  rt::TaskGroup group;
  group.spawn(stop_at_signal(signals, server, log, ended));
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
    Server server(world, config, on_bound);
    running = &server;
    os::EpollPoller poller;
    rt::Loop loop(poller);
    loop.run(run_first_loop(server, world.log));
    for (std::thread& thread : others) thread.join();
    world.log.info("server.stopped");
    return 0;
  } catch (const std::exception& e) {
    fprintf(stderr, "pabal: cannot serve: %s\n", e.what());
    return 1;
  }
}

}  // namespace pabal::app

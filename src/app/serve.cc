#include "app/serve.h"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <exception>
#include <optional>
#include <thread>
#include <unistd.h>

#include "app/check_setup.h"
#include "app/dnssec.h"
#include "app/options.h"
#include "app/owner.h"
#include "app/server.h"
#include "console/console.h"
#include "os/epoll.h"
#include "os/service_manager.h"
#include "os/signals.h"

namespace pabal::app {

namespace {

constexpr Duration kLookForDnssec = std::chrono::seconds(5);

// What all loops share, besides the server itself.
struct Running {
  Server& server;
  os::StreamLog& log;
  os::ServiceManager& manager;
  const Config& config;
  std::atomic<bool> failed = false;
  std::atomic<bool> stopping = false;
  bool ended = false;  // of the first loop alone
};

std::string status_text(const Config& config) {
  return "serving " + config.server.hostname + " on " + std::to_string(config.listeners.size()) +
         (config.listeners.size() == 1 ? " listener" : " listeners");
}

void log_findings(Log& log, const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    if (finding.severity == Finding::warning) {
      log.warning("config.warning", {{"what", finding.text}});
    } else {
      log.error("config.error", {{"what", finding.text}});
    }
  }
}

// Whatever is wrong, what was in use before stays in use.
void reload(Running& running) {
  running.manager.reloading();
  bool whole = true;
  auto attempt = [&](auto work) {
    try {
      work();
    } catch (const std::exception& e) {
      running.log.error("server.reload_failed", {{"reason", e.what()}, {"in_use", "what was before"}});
      whole = false;
    }
  };
  attempt([&] { running.log.reopen(); });
  attempt([&] { running.server.reload(); });
  if (whole) running.log.info("server.reloaded", {{"certificate", running.config.tls.certificate}});
  running.manager.ready(status_text(running.config) + (whole ? "" : "; the last reload failed, see the log"));
}

// SIGTERM and SIGINT stop the server, a second one changes nothing; SIGHUP never does.
rt::Task<void> follow_signals(os::SignalWatcher& signals, Running& running) {
  while (!running.ended) {
    while (std::optional<int> signal = signals.try_take()) {
      if (*signal == SIGHUP) {
        if (!running.stopping) reload(running);
        continue;
      }
      running.log.info("server.stopping", {{"signal", *signal}});
      if (!running.stopping.exchange(true)) running.manager.stopping();
      running.server.stop();
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

rt::Task<void> run_first_loop(os::RealWorld& real, Running& running) {
  os::SignalWatcher signals;
  rt::TaskGroup group;
  group.spawn(follow_signals(signals, running));
  group.spawn(look_for_dnssec(real, running.config.server.data_directory));
  std::exception_ptr failure;
  try {
    co_await running.server.run();
  } catch (...) {
    failure = std::current_exception();
  }
  running.ended = true;
  signals.wake();
  co_await group.join();
  if (failure) std::rethrow_exception(failure);
}

void run_other_loop(Running& running) {
  try {
    os::EpollPoller poller;
    rt::Loop loop(poller);
    loop.run(running.server.run_front());
  } catch (const std::exception& e) {
    running.log.error("server.loop_failed", {{"reason", e.what()}});
    running.failed = true;
    running.server.stop();
  }
}

// Only the server itself knows what it may open: the unit says it (LimitNOFILE).
std::optional<Finding> too_few_files(const Config& config, size_t files) {
  // Each session takes one, and some more are for mails, the database and delivery.
  constexpr size_t kOthers = 200;
  size_t wanted = static_cast<size_t>(config.limits.sessions_max) +
                  static_cast<size_t>(config.delivery.connections_max) + kOthers;
  if (files >= wanted) return std::nullopt;
  return Finding{Finding::warning, "limits.sessions_max " + std::to_string(config.limits.sessions_max) +
                                       " and delivery.connections_max want " + std::to_string(wanted) +
                                       " open files, and this process may have " + std::to_string(files)};
}

// For people, or for the journal, which asks each line for its priority.
void complain(const std::string& text) {
  fprintf(stderr, "%spabal: %s\n",
          os::stderr_is_journal() ? os::journal_priority(LogLevel::error).c_str() : "", text.c_str());
}

int run(const Config& config, const std::vector<Finding>& findings) {
  std::expected<os::RealWorldOptions, std::string> options = real_world_options(config);
  if (!options) {
    complain(options.error());
    return kConfigStatus;
  }
  os::RealWorld real(*options);
  io::World world = real.world();
  os::ServiceManager manager;
  log_findings(world.log, findings);
  if (geteuid() == 0)
    world.log.warning("server.runs_as_root", {{"why", config.server.data_directory + " belongs to root"}});

  size_t loops = config.server.loops > 0 ? static_cast<size_t>(config.server.loops)
                                         : std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::thread> others;
  Running* running = nullptr;
  auto on_bound = [&](const std::vector<io::Endpoint>& endpoints) {
    for (size_t i = 0; i < endpoints.size(); ++i) {
      world.log.info("server.listening", {{"address", endpoints[i].to_string()}});
    }
    for (size_t i = 1; i < loops; ++i) others.emplace_back(run_other_loop, std::ref(*running));
    manager.ready(status_text(config));
  };
  real.resolver().on_verdict(
      [&](os::Dnssec verdict) { note_dnssec(world.log, world.disk, config.server.data_directory, verdict); });
  Server server(world, config, on_bound);
  Running state{server, real.log(), manager, config};
  running = &state;
  os::EpollPoller poller;
  rt::Loop loop(poller);
  // However the first loop ends, the others use the server until they are joined.
  std::exception_ptr failure;
  try {
    loop.run(run_first_loop(real, state));
  } catch (...) {
    failure = std::current_exception();
    server.stop();
  }
  for (std::thread& thread : others) thread.join();
  if (failure) std::rethrow_exception(failure);
  world.log.info("server.stopped");
  return state.failed ? 1 : 0;
}

}  // namespace

int serve(const Config& config) {
  try {
    act_as_owner(config.server.data_directory, config.file, {.keep = Keep::low_ports, .make = true});
    size_t files = os::raise_open_files_limit();
    os::set_memory_policy();
    std::vector<Finding> findings = check_setup(config, os::SystemClock().now());
    if (auto finding = too_few_files(config, files)) findings.push_back(std::move(*finding));
    bool fatal = false;
    for (const Finding& finding : findings) {
      if (finding.severity != Finding::fatal) continue;
      complain("cannot serve: " + finding.text);
      fatal = true;
    }
    return fatal ? kConfigStatus : run(config, findings);
  } catch (const std::exception& e) {
    complain(std::string("cannot serve: ") + e.what());
    return 1;
  }
}

}  // namespace pabal::app

// pabal_simulation: runs the simulated world from the command line. ./dev sim
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "app/config.h"
#include "marks.h"
#include "plan.h"
#include "run.h"
#include "swarm.h"

namespace pabal::simulation {

namespace {

// Progress and results are lines for people; the seed is all that is needed to see a run again.
int show(const RunOptions& options) {
  uint64_t seed = options.seed;
  RunResult result = run(options);
  for (const std::string& line : result.story) std::cout << line << '\n';
  std::cout << "seed " << seed << ": " << result.letters << " letters, " << result.accepted << " accepted, "
            << (options.only ? options.only->size() : result.disturbances) << " disturbances, "
            << result.virtual_seconds / 3600 << " h, fingerprint " << std::hex << result.fingerprint
            << std::dec << '\n';
  for (const std::string& violation : result.violations) std::cout << "BROKEN PROMISE: " << violation << '\n';
  return result.violations.empty() ? 0 : 1;
}

int replay(const RunOptions& options) {
  uint64_t first = run(options).fingerprint, second = run(options).fingerprint;
  std::cout << "seed " << options.seed << ": fingerprints " << std::hex << first << " and " << second
            << std::dec << '\n';
  if (first == second) return 0;
  std::cout << "the same seed led to two different runs: something beside the seed decides\n";
  return 1;
}

std::set<size_t> first(size_t n) {
  std::set<size_t> numbers;
  for (size_t i = 1; i <= n; ++i) numbers.insert(i);
  return numbers;
}

// A few of the plan's disturbances that still break a promise.
struct Shrunk {
  std::set<size_t> only;
  std::string failure;  // "" if none does
};

// The shortest beginning of the plan; then whatever of that can be left out.
Shrunk shrink(uint64_t seed, size_t disturbances) {
  constexpr auto patience = std::chrono::minutes(2);
  auto begun = std::chrono::steady_clock::now();
  Shrunk shrunk;
  for (size_t n = 0; n <= disturbances && shrunk.failure.empty(); ++n) {
    shrunk.only = first(n);
    shrunk.failure = try_run({seed, shrunk.only});
  }
  if (shrunk.failure.empty()) return shrunk;
  for (size_t n = shrunk.only.size(); n > 0; --n) {
    if (std::chrono::steady_clock::now() - begun > patience) break;
    std::set<size_t> fewer = shrunk.only;
    fewer.erase(n);
    std::string failure = try_run({seed, fewer});
    if (failure.empty()) continue;
    shrunk = {std::move(fewer), std::move(failure)};
  }
  return shrunk;
}

void show_shrunk(uint64_t seed) {
  Plan plan = make_plan(seed);
  Shrunk shrunk = shrink(seed, plan.disturbances.size());
  if (shrunk.failure.empty()) {
    std::cout << "It did not happen again; ./dev sim --seed " << seed
              << " --replay says whether runs repeat.\n";
    return;
  }
  std::cout << shrunk.only.size() << " of its " << plan.disturbances.size()
            << " disturbances are enough: " << shrunk.failure << '\n';
  std::string numbers;
  for (size_t number : shrunk.only) {
    const Disturbance& disturbance = plan.disturbances[number - 1];
    std::cout << "  " << number << ". at " << pabal::to_text(disturbance.at) << ": " << to_text(disturbance)
              << '\n';
    numbers += (numbers.empty() ? "" : ",") + std::to_string(number);
  }
  std::cout << "See it: ./dev sim --seed " << seed << " --only " << (numbers.empty() ? "0" : numbers) << '\n';
}

int run_swarm(const SwarmOptions& options, bool require_marks) {
  SwarmResult result = swarm(options);
  std::cout << result.runs << " runs, " << result.letters << " letters, " << result.accepted << " accepted, "
            << result.virtual_seconds / 86'400 << " days of virtual time\n";
  if (result.failed_seed) {
    std::cout << "FAILED: seed " << *result.failed_seed << ": " << result.failure << '\n';
    show_shrunk(*result.failed_seed);
    return 1;
  }
  for (const auto& [what, times] : result.counts)
    printf("  %9llu  %s\n", static_cast<unsigned long long>(times), what.c_str());
  int missing = 0;
  for (const std::string& mark : all_marks()) {
    uint64_t times = result.marks.contains(mark) ? result.marks.at(mark) : 0;
    if (require_marks || times > 0)
      printf("  %6llu  %s\n", static_cast<unsigned long long>(times), mark.c_str());
    missing += times == 0;
  }
  fflush(stdout);
  if (!require_marks || missing == 0) return 0;
  std::cout << "FAILED: " << missing << " states were never reached: the simulator is too tame\n";
  return 1;
}

}  // namespace

}  // namespace pabal::simulation

int main(int argc, char** argv) {
  using namespace pabal;
  using namespace pabal::simulation;
  // Every start of a server would read the certificates that this machine trusts.
  setenv("SSL_CERT_FILE", "/nowhere", 1);
  setenv("SSL_CERT_DIR", "/nowhere", 1);
  CLI::App app(
      "Runs whole servers in a simulated world in which things break. One seed, one run: the same every "
      "time.\n\n"
      "  ./dev sim --seed 42             the story of one run\n"
      "  ./dev sim --seed 42 --replay    runs it twice and compares\n"
      "  ./dev sim --swarm 10m           seeds one after the other on all cores, until one fails\n"
      "  ./dev sim --seeds 2000 --marks  so many seeds; fails if a state that they should reach is missing");
  uint64_t seed = 1;
  std::vector<size_t> only;
  bool again = false, marks = false;
  std::string time;
  SwarmOptions options;
  uint64_t seeds = 0;
  app.add_option("--seed", seed, "The run, or the first of them")->capture_default_str();
  CLI::Option* selection =
      app.add_option("--only", only, "Of the plan's disturbances these alone happen: 2,5; none: 0");
  selection->delimiter(',');
  app.add_flag("--replay", again, "Run it twice; the fingerprints must be the same");
  app.add_option("--swarm", time, "For so long: 90s, 10m, 1h");
  app.add_option("--seeds", seeds, "So many runs");
  app.add_flag("--marks", marks, "Fail if a named state was never reached");
  app.add_option("--workers", options.workers, "Processes (one per core)");
  CLI11_PARSE(app, argc, argv);
  RunOptions one{seed, std::nullopt};
  if (selection->count() > 0) one.only.emplace(only.begin(), only.end());
  if (one.only) one.only->erase(0);
  if (time.empty() && seeds == 0) return again ? replay(one) : show(one);
  options.first_seed = seed;
  if (seeds > 0) options.seeds = seeds;
  if (!time.empty()) {
    std::optional<Duration> parsed = app::parse_duration(time);
    if (!parsed) {
      std::cerr << "--swarm " << time << " is no time; expected something like 90s, 10m or 1h\n";
      return 2;
    }
    options.time = *parsed;
  }
  return run_swarm(options, marks);
}

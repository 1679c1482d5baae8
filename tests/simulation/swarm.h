// A swarm: many seeds in worker processes, so that a run that stops its process
// is a failure like any other.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "run.h"

namespace pabal::simulation {

struct SwarmOptions {
  uint64_t first_seed = 1;
  uint64_t seeds = UINT64_MAX;  // at most so many
  Duration time = Duration(0);  // 0: until all seeds are done
  unsigned workers = 0;         // 0: one per core
};

struct SwarmResult {
  uint64_t runs = 0, letters = 0, accepted = 0, virtual_seconds = 0;
  std::map<std::string, uint64_t> marks;   // how many runs reached each
  std::map<std::string, uint64_t> counts;  // of all runs together
  std::optional<uint64_t> failed_seed;
  std::string failure;
};

// Stops at the first failure. Progress goes to standard error once a second if
// that is a terminal.
SwarmResult swarm(const SwarmOptions& options);

// What happens in a process of its own: "" for a good run, else what went wrong.
std::string try_run(const RunOptions& options);

}  // namespace pabal::simulation

// One run of the simulated world: two Pabal servers, the servers of jeju.test,
// people who write and people who read, and what the seed lets break. Faults
// first; then they stop, and everything has to drain.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pabal::simulation {

struct RunOptions {
  uint64_t seed = 0;
  // Of the plan's disturbances, counted from 1, these alone happen. nullopt: all.
  std::optional<std::set<size_t>> only;
};

struct RunResult {
  uint64_t fingerprint = 0;
  std::vector<std::string> violations;  // promises that were broken
  std::vector<std::string> story;
  std::set<std::string> marks;
  std::map<std::string, uint64_t> counts;
  size_t disturbances = 0;  // in the plan
  size_t letters = 0, accepted = 0;
  uint64_t virtual_seconds = 0;
};

RunResult run(const RunOptions& options);

}  // namespace pabal::simulation

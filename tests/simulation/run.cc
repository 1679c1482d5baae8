#include "run.h"

#include <algorithm>

#include "town.h"

namespace pabal::simulation {

RunResult run(const RunOptions& options) {
  Plan plan = make_plan(options.seed);
  Town town(plan);
  town.sim.run(town.live(options.only));

  RunResult result;
  result.fingerprint = town.sim.fingerprint();
  result.violations = town.ledger.violations();
  result.story.assign(town.ledger.story().begin(), town.ledger.story().end());
  result.marks = town.ledger.marks;
  result.counts = town.ledger.counts;
  result.disturbances = plan.disturbances.size();
  result.letters = town.ledger.letters.size();
  result.accepted = static_cast<size_t>(std::ranges::count_if(
      town.ledger.letters, [](const auto& entry) { return entry.second.told == Told::accepted; }));
  result.virtual_seconds = static_cast<uint64_t>(town.sim.poller().now().us / 1'000'000);
  return result;
}

}  // namespace pabal::simulation

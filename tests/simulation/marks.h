// States that a good crowd of runs must have reached: when one is missing, the
// simulator has become too tame to prove anything.
#pragma once

#include <string>
#include <vector>

namespace pabal::simulation {

const std::vector<std::string>& all_marks();

}  // namespace pabal::simulation

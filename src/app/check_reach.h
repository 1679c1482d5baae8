// Who can reach the server and what he may do there: listeners and relaying.
#pragma once

#include <vector>

#include "app/check_setup.h"

namespace pabal::app {

std::vector<Finding> check_reach(const Config& config);

}  // namespace pabal::app

// Runs one task of the user agent over the real world, to its end.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "io/world.h"
#include "rt/task.h"

namespace pabal::agent {

void run_in_real_world(const std::function<rt::Task<void>(io::World&)>& work);

// Minutes east of UTC, here and then.
int utc_offset_minutes(Time at);

}  // namespace pabal::agent

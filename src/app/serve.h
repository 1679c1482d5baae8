// `pabal serve`: the product over the real world.
#pragma once

#include "app/config.h"

namespace pabal::app {

// Serves until SIGTERM or SIGINT, then drains. Returns the exit status; what
// kept it from starting is on standard error, with what to do.
int serve(const Config& config);

}  // namespace pabal::app

// `pabal serve`: the product over the real world.
#pragma once

#include "app/config.h"

namespace pabal::app {

// EX_CONFIG of sysexits.h: starting again without a change would be in vain.
constexpr int kConfigStatus = 78;

// Serves until SIGTERM or SIGINT, then drains; at SIGHUP reads the certificate
// again and opens the log file anew. Root acts as the owner of the data
// directory. systemd is told when all is ready, and journals standard error by
// priority. Returns the exit status; what kept it from starting is on standard
// error, with what to do. Signals have been blocked before (SignalWatcher::block).
int serve(const Config& config);

}  // namespace pabal::app

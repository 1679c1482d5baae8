// What a config file that reads well can still have wrong with it: the files and
// folders that it names, who could misuse the server, sizes that do not fit
// together. `pabal check-config` shows it, the server says it at its start.
#pragma once

#include <string>
#include <vector>

#include "app/config.h"
#include "base/time.h"

namespace pabal::app {

struct Finding {
  enum Severity {
    warning,  // works, but look at it
    error,    // somebody will be refused, or can do harm; the server starts all the same
    fatal,    // the server cannot start
  };
  Severity severity = warning;
  std::string text;  // one sentence without a full stop: what is wrong, what would be right
};

// The gravest first. Looks with the rights of this process (see owner.h) and
// changes nothing; a server may be running.
std::vector<Finding> check_setup(const Config& config, Time now);

}  // namespace pabal::app

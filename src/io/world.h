// World: the one door to everything outside the process. main() opens the real
// one, the simulator hands in its own; no other code asks the system.
#pragma once

#include <span>
#include <string>

#include "base/log.h"
#include "base/time.h"
#include "io/disk.h"
#include "io/net.h"
#include "io/resolver.h"
#include "rt/offload.h"

namespace pabal::io {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() = 0;  // any thread
};

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<char> into) = 0;  // fit for keys; any thread
  std::string octets(size_t n);
  // n letters and digits, for boundaries, ids and tokens.
  std::string token(size_t n);
  uint64_t number();
};

struct World {
  Clock& clock;
  Net& net;
  Resolver& resolver;
  Disk& disk;
  Random& random;
  rt::Executor& blocking;
  Log& log;
};

}  // namespace pabal::io

// RealWorld: everything outside the process, opened once by main().
#pragma once

#include "io/world.h"
#include "os/files.h"
#include "os/socket.h"
#include "os/system.h"
#include "os/threads.h"
#include "os/validating_resolver.h"

namespace pabal::os {

struct RealWorldOptions {
  LogOptions log;
  ResolverOptions resolver;
  size_t blocking_threads = 4;
};

// Outlives every loop that uses it.
class RealWorld {
 public:
  // Throws IoError.
  explicit RealWorld(const RealWorldOptions& options)
      : log_(options.log, clock_), resolver_(options.resolver), blocking_(options.blocking_threads) {}

  ValidatingResolver& resolver() { return resolver_; }
  StreamLog& log() { return log_; }
  io::World world() { return {clock_, net_, resolver_, disk_, random_, blocking_, log_}; }

 private:
  SystemClock clock_;
  SystemRandom random_;
  StreamLog log_;
  SocketNet net_;
  FileDisk disk_;
  ValidatingResolver resolver_;
  ThreadPool blocking_;
};

}  // namespace pabal::os

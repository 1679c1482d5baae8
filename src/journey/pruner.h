// Pruner: journeys of mails that ended long ago go, so that what `pabal track` knows
// does not fill the disk.
#pragma once

#include "io/world.h"
#include "rt/event.h"
#include "rt/task.h"
#include "store/store.h"

namespace pabal::journey {

// One per server, on the loop that runs it.
class Pruner {
 public:
  // kept: so long after its last event a journey stays.
  Pruner(io::World& world, store::Store& store, Duration kept);

  // Works until stop(), in small steps. Never throws.
  rt::Task<void> run();
  void stop();

 private:
  io::World& world_;
  store::Store& store_;
  const Duration kept_;
  bool stopping_ = false;
  rt::Event stopped_;
};

}  // namespace pabal::journey

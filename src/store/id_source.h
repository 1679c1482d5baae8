// Ids: milliseconds since 2020 in the upper 43 bits, a counter below that begins
// somewhere else every millisecond. They rise, also when the clock is set back.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/time.h"
#include "io/world.h"

namespace pabal::store {

class IdSource {
 public:
  // `last`: the highest id that is known to exist.
  IdSource(io::World& world, int64_t last) : clock_(world.clock), seed_(world.random.number()), last_(last) {}

  int64_t next();  // any thread

 private:
  io::Clock& clock_;
  const uint64_t seed_;
  std::atomic<int64_t> last_;
};

// The smallest id that is given out at `time` or later, if the clock is not set back.
int64_t first_id_at(Time time);

}  // namespace pabal::store

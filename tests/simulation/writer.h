// People who write: every letter has a token of its own, and recipients who
// exist, do not exist, live elsewhere or nowhere.
#pragma once

#include <string>

#include "io/world.h"
#include "ledger.h"
#include "plan.h"
#include "rt/task.h"
#include "sim/random.h"
#include "tls/context.h"

namespace pabal::simulation {

// Writes `letters` letters within `active`, to the one or the other server.
rt::Task<void> write_letters(io::World world, tls::ClientContext& tls, std::string name, size_t letters,
                             Duration active, Ledger& ledger, uint64_t seed);

}  // namespace pabal::simulation

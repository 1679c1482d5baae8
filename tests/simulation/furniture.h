// The accounts that both servers begin with, written once and copied onto every
// simulated disk: making them takes longer than the rest of a run.
#pragma once

#include <cstddef>
#include <string>

#include "sim/world.h"

namespace pabal::simulation {

// seoul.test: alice, bob, erin, small (quota of 4,000 octets),
//             team -> carol@busan.test, ghost -> nobody@busan.test
// busan.test: carol, dave, frank, small
// erin and frank read by IMAP, the others by POP3.
// Everybody's password is "secret".
void furnish(sim::SimHost& host, size_t server);

}  // namespace pabal::simulation

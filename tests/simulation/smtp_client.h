// A client that sends letters, in good and in bad manners. It decides alone what
// it was told; nothing of the product's SMTP code is in it.
#pragma once

#include <optional>
#include <string>

#include "io/world.h"
#include "ledger.h"
#include "rt/task.h"
#include "sim/random.h"
#include "tls/context.h"

namespace pabal::simulation {

enum class Entrance { relay, submission, lmtp };

// How this client goes about it.
struct Manners {
  Entrance entrance = Entrance::relay;
  std::string user;       // logs in with this name and the password "secret"
  bool encrypts = false;  // by STARTTLS where that is offered
  bool pipelines = false;
  bool chunks = false;    // BDAT instead of DATA
  bool hangs_up = false;  // goes away in the middle of the message
  bool wordy = false;     // its command lines are longer than the shortest limit
  bool dawdles = false;   // waits longer than servers like
};
Manners draw_manners(sim::SimRandom& random, bool submission);

// One session, one letter; letter.told and what the server said afterwards stand in it.
rt::Task<void> send_letter(io::World& world, tls::ClientContext& tls, io::Endpoint to, Manners manners,
                           Letter& letter, Ledger& ledger);

}  // namespace pabal::simulation

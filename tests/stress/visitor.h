// Who visits an IMAP account's INBOX by POP3 meanwhile: reads mails, and deletes some
// that are known. The account's model is told of it, as of any change.
#pragma once

#include <string>

#include "io/world.h"
#include "rt/task.h"
#include "sim/random.h"
#include "simulation/imap_model.h"

namespace pabal::stress {

class Visitor {
 public:
  Visitor(io::World& world, io::Endpoint server, simulation::ImapModel& model, Duration decided_after,
          uint64_t seed)
      : world_(world), server_(server), model_(model), decided_after_(decided_after), random_(seed) {}

  // Sessions until `over`.
  rt::Task<void> live(const bool& over);

 private:
  rt::Task<void> session();

  io::World& world_;
  const io::Endpoint server_;
  simulation::ImapModel& model_;
  const Duration decided_after_;
  sim::SimRandom random_;
};

}  // namespace pabal::stress

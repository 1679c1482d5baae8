// Settling: the outcome of an attempt becomes durable. State of each
// recipient, journey, reports to the sender and the message's release are one
// commit, so that nothing is lost and nothing told twice.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "deliver/counters.h"
#include "deliver/report.h"
#include "intake/intake.h"
#include "io/world.h"
#include "journey/journey.h"
#include "queue/queue.h"
#include "rt/event.h"
#include "store/store.h"

namespace pabal::deliver {

// What becomes of a mail here: into mailboxes, and on to where an alias leads.
struct LocalCopy {
  directory::Account account;
  queue::NewEntry waiting;  // for when it is full
  bool full = false;        // it is: the copy waits
};
struct LocalDelivery {
  std::string recipient;
  std::string told;  // intake::delivery_fields() of it
  std::vector<LocalCopy> copies;
  std::vector<queue::NewEntry> onward;
};

struct Settlement {
  store::MessageRecord message;
  std::vector<Result> results;
  std::vector<journey::Event> events;  // of the attempt, before its results
  // Further changes of the same commit, left out when all recipients have been dropped.
  std::optional<LocalDelivery> local;
};

class Settler {
 public:
  Settler(io::World& world, store::Store& store, queue::Queue& queue, intake::Intake& intake,
          Counters& counters)
      : world_(world), store_(store), queue_(queue), intake_(intake), counters_(counters) {}

  // Repeats the commit until it succeeds: the other server already has the
  // mail, and forgetting that would send it twice. After give_up(), on the way
  // out, it forgets all the same. The entries are no longer claimed then.
  rt::Task<void> settle(Settlement settlement);
  void give_up();

  // The database is damaged and nothing is written any more (store/health.h): what is
  // attempted now would be attempted again after each start. Found by what settles, and
  // by look_at_store().
  bool store_damaged() const { return store_damaged_; }
  rt::Task<void> look_at_store();

 private:
  struct Reports {
    store::NewBlobs blobs;
    intake::StagedMails mails;
  };
  rt::Task<Reports> reports(const Settlement& settlement, Time now);
  rt::Task<std::string> original_of(const store::MessageRecord& message);
  rt::Task<bool> try_commit(Settlement& settlement, Time now);
  void look_at(const store::StoreError& error);
  void count(const Settlement& settlement);

  io::World& world_;
  store::Store& store_;
  queue::Queue& queue_;
  intake::Intake& intake_;
  Counters& counters_;
  bool give_up_ = false;
  bool store_damaged_ = false;
  rt::Event given_up_;
};

}  // namespace pabal::deliver

// Deliverer: carries what is due in the queue. One per server, on one loop. It
// claims due entries, groups them into jobs (one mail to one next-hop), and
// runs workers, each with a connection of its own that it keeps for the next
// job to the same next-hop.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "deliver/counters.h"
#include "deliver/options.h"
#include "deliver/settle.h"
#include "deliver/smtp_client.h"
#include "directory/directory.h"
#include "intake/intake.h"
#include "io/world.h"
#include "queue/queue.h"
#include "route/router.h"
#include "rt/task_group.h"
#include "tls/context.h"

namespace pabal::deliver {

struct Job;
struct Destination;

class Deliverer {
 public:
  // tls: nullptr for mail in the clear only; a context that takes any
  // certificate (routes with required TLS look at the result themselves).
  Deliverer(io::World& world, store::Store& store, directory::Directory& directory, queue::Queue& queue,
            intake::Intake& intake, tls::ClientContext* tls, route::RouteOptions routes,
            DelivererOptions options);
  ~Deliverer();

  // Ends after stop(), when all attempts have ended.
  rt::Task<void> run();
  // Drain: nothing new is begun, running attempts may go on until `deadline`
  // and are cut then. On the deliverer's loop.
  void stop(Instant deadline);

  const Counters& counters() const { return counters_; }

 private:
  rt::Task<void> carry();
  rt::Task<bool> claim_more();
  void dispatch(std::vector<queue::Entry> entries, const std::map<std::string, route::NextHop>& hops);
  void pump(Destination& destination);
  void make_room();

  rt::Task<void> work(Destination& destination);
  rt::Task<void> work_off(Destination& destination, std::unique_ptr<SmtpClient>& client);
  rt::Task<bool> wait_idle(Destination& destination, std::unique_ptr<SmtpClient>& client);
  rt::Task<void> attempt(Destination& destination, Job& job, std::unique_ptr<SmtpClient>& client);
  rt::Task<void> attempt_remote(Destination& destination, Job& job, std::unique_ptr<SmtpClient>& client);
  rt::Task<void> attempt_local(Job& job);
  rt::Task<void> settle(Settlement settlement);
  rt::Task<void> postpone(Job& job, Outcome outcome);
  rt::Task<void> postpone_waiting(Destination& destination, Outcome outcome);
  rt::Task<void> give_back(std::deque<Job> jobs);
  bool worn_out(const SmtpClient& client) const;

  io::World& world_;
  store::Store& store_;
  directory::Directory& directory_;
  queue::Queue& queue_;
  tls::ClientContext* tls_;
  route::Router router_;
  const DelivererOptions options_;
  Counters counters_;
  Settler settler_;
  OpenClients clients_;
  std::map<std::string, std::unique_ptr<Destination>> destinations_;
  size_t workers_ = 0;
  bool starved_ = false;  // jobs wait because there are too many workers
  rt::TaskGroup group_;
  bool stopping_ = false;
  Instant stop_deadline_ = Instant::never();
};

}  // namespace pabal::deliver

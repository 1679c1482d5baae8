#include "deliver/deliverer.h"

#include <algorithm>

#include "deliver/attempt.h"
#include "deliver/destination.h"
#include "deliver/local.h"

namespace pabal::deliver {

namespace {

// A claim passes over everything that is in hand already. Under load it is
// asked for after each mail, so it pauses in proportion.
constexpr size_t kFewInHand = 100;
constexpr std::chrono::microseconds kPausePerEntry{2};
constexpr Duration kPauseAfterTrouble = std::chrono::seconds(5);

}  // namespace

Deliverer::Deliverer(io::World& world, store::Store& store, directory::Directory& directory,
                     queue::Queue& queue, intake::Intake& intake, tls::ClientContext* tls,
                     route::RouteOptions routes, DelivererOptions options)
    : world_(world),
      store_(store),
      directory_(directory),
      queue_(queue),
      tls_(tls),
      router_(world, directory, std::move(routes)),
      options_(std::move(options)),
      settler_(world, store, queue, intake, counters_) {}

Deliverer::~Deliverer() = default;

rt::Task<void> Deliverer::run() {
  co_await carry();
  for (auto& [name, destination] : destinations_) {
    for (Idle* idle : destination->idle) idle->wake();
  }
  bool ended = co_await group_.join_until(stop_deadline_);
  if (!ended) {
    clients_.cut();
    settler_.give_up();
    co_await group_.join();
  }
  for (auto& [name, destination] : destinations_) {
    for (const Job& job : destination->jobs) {
      for (const queue::Entry& entry : job.entries) queue_.release(entry);
    }
  }
  destinations_.clear();
  queue_.detach();
}

void Deliverer::stop(Instant deadline) {
  stopping_ = true;
  stop_deadline_ = deadline;
  queue_.notify();
}

rt::Task<void> Deliverer::carry() {
  // A mail whose outcome cannot be kept would be sent again after each start.
  co_await settler_.look_at_store();
  while (!stopping_) {
    if (settler_.store_damaged()) {
      co_await queue_.wait();
      continue;
    }
    std::string trouble;
    try {
      if (queue_.claimed() > kFewInHand) co_await rt::sleep_for(queue_.claimed() * kPausePerEntry);
      bool found = co_await claim_more();
      if (!found && !stopping_) co_await queue_.wait();
    } catch (const std::exception& error) {
      trouble = error.what();
    }
    if (trouble.empty()) continue;
    world_.log.error("deliver.queue_unreadable", {{"reason", trouble}});
    co_await rt::sleep_for(kPauseAfterTrouble);
  }
}

rt::Task<bool> Deliverer::claim_more() {
  if (queue_.claimed() >= options_.claimed_max) co_return false;
  size_t room = std::min(options_.claimed_max - queue_.claimed(), options_.claim_max);
  std::vector<queue::Entry> entries = co_await queue_.claim(room, options_.claimed_per_destination);
  if (entries.empty()) co_return false;
  // What goes wrong now must leave nothing claimed behind.
  std::map<std::string, route::NextHop> hops;
  std::exception_ptr trouble;
  try {
    for (const queue::Entry& entry : entries) {
      if (hops.contains(entry.destination)) continue;
      route::NextHop hop = co_await router_.next_hop(entry.destination);
      hops.emplace(entry.destination, std::move(hop));
    }
  } catch (...) {
    trouble = std::current_exception();
  }
  if (trouble || stopping_) {
    for (const queue::Entry& entry : entries) queue_.release(entry);
    if (trouble) std::rethrow_exception(trouble);
    co_return false;
  }
  dispatch(std::move(entries), hops);
  co_return true;
}

void Deliverer::dispatch(std::vector<queue::Entry> entries,
                         const std::map<std::string, route::NextHop>& hops) {
  std::map<std::pair<Destination*, MessageId>, Job*> jobs;
  std::vector<Destination*> touched;
  for (queue::Entry& entry : entries) {
    const route::NextHop& hop = hops.at(entry.destination);
    std::unique_ptr<Destination>& destination = destinations_[(hop.local ? "local " : "smtp ") + hop.name];
    if (!destination) {
      destination = std::make_unique<Destination>();
      destination->name = hop.name;
      destination->local = hop.local;
      destination->limit = options_.per_destination_start;
    }
    touched.push_back(destination.get());
    // Mail for our own mailboxes goes one recipient at a time: each has its own
    // outcome and quota.
    Job*& job = jobs[{destination.get(), entry.message}];
    if (job == nullptr || hop.local) job = &destination->jobs.emplace_back(Job{entry.message, {}});
    job->entries.push_back(std::move(entry));
  }
  for (Destination* destination : touched) pump(*destination);
}

// Wakes or starts as many workers as there is work and room for.
void Deliverer::pump(Destination& destination) {
  if (stopping_ || settler_.store_damaged()) return;
  size_t hands = destination.starting;
  for (Idle* idle : destination.idle) {
    if (hands >= destination.jobs.size()) break;
    idle->wake();
    ++hands;
  }
  while (hands < destination.jobs.size() && !destination.at_limit()) {
    if (workers_ >= options_.connections_max) {
      starved_ = true;
      make_room();
      return;
    }
    ++workers_;
    ++destination.workers;
    ++destination.starting;
    ++hands;
    group_.spawn(work(destination));
  }
}

// One kept connection that nobody needs now gives its place to others.
void Deliverer::make_room() {
  for (auto& [name, destination] : destinations_) {
    for (Idle* idle : destination->idle) {
      if (idle->dismissed || !destination->jobs.empty()) continue;
      idle->dismissed = true;
      idle->wake();
      return;
    }
  }
}

rt::Task<void> Deliverer::work(Destination& destination) {
  std::unique_ptr<SmtpClient> client;
  destination.connections.push_back(&client);
  try {
    --destination.starting;
    co_await work_off(destination, client);
    if (client) co_await client->quit(options_.timeouts.quit);
  } catch (const std::exception& error) {
    world_.log.error("deliver.worker_failed", {{"destination", destination.name}, {"reason", error.what()}});
  }
  client.reset();
  std::erase(destination.connections, &client);
  counters_.connections_open = clients_.size();
  --destination.workers;
  --workers_;
  pump(destination);
  if (destination.workers == 0 && destination.jobs.empty()) {
    std::erase_if(destinations_, [&](const auto& item) { return item.second.get() == &destination; });
  }
  if (std::exchange(starved_, false)) {
    for (auto& [name, other] : destinations_) pump(*other);
  }
}

rt::Task<void> Deliverer::work_off(Destination& destination, std::unique_ptr<SmtpClient>& client) {
  while (!stopping_ && !settler_.store_damaged()) {
    if (destination.jobs.empty()) {
      if (!client) co_return;
      bool more = co_await wait_idle(destination, client);
      if (!more) co_return;
      continue;
    }
    Job job = std::move(destination.jobs.front());
    destination.jobs.pop_front();
    co_await attempt(destination, job, client);
    pump(destination);
  }
}

// Until there is a job, the time is up or the server has had enough; false
// when the worker is to end.
rt::Task<bool> Deliverer::wait_idle(Destination& destination, std::unique_ptr<SmtpClient>& client) {
  Idle self{*client};
  destination.idle.push_back(&self);
  Instant deadline = rt::Loop::current().now() + options_.idle;
  bool stale = false;
  rt::Wake why = rt::Wake::woken;
  while (destination.jobs.empty() && !stopping_ && !self.dismissed && !stale && why != rt::Wake::deadline) {
    why = co_await client->connection().readable(deadline);
    if (why == rt::Wake::ready) stale = client->went_stale();
  }
  std::erase(destination.idle, &self);
  if (stale) client.reset();
  co_return !destination.jobs.empty() && !self.dismissed;
}

// The root of an attempt: whatever breaks here, the mail stays in the queue.
rt::Task<void> Deliverer::attempt(Destination& destination, Job& job, std::unique_ptr<SmtpClient>& client) {
  std::string trouble;
  try {
    if (destination.local) {
      co_await attempt_local(job);
    } else {
      co_await attempt_remote(destination, job, client);
    }
  } catch (const std::exception& error) {
    trouble = error.what();
  }
  counters_.connections_open = clients_.size();
  if (trouble.empty()) co_return;

  client.reset();
  world_.log.error("deliver.attempt_failed", {{"id", journey::trace_id(job.message)}, {"reason", trouble}});
  try {
    Outcome outcome = delayed("4.3.0", "this server could not work on the mail: " + trouble);
    co_await postpone(job, std::move(outcome));
    co_return;
  } catch (const std::exception& error) {
    trouble = error.what();
  }
  // Not even that could be written down.
  std::deque<Job> jobs;
  jobs.push_back(std::move(job));
  co_await give_back(std::move(jobs));
}

// The entries are due all the same: not at once again.
rt::Task<void> Deliverer::give_back(std::deque<Job> jobs) {
  co_await rt::sleep_for(kPauseAfterTrouble);
  for (const Job& job : jobs) {
    for (const queue::Entry& entry : job.entries) queue_.release(entry);
  }
  queue_.notify();
}

rt::Task<void> Deliverer::attempt_remote(Destination& destination, Job& job,
                                         std::unique_ptr<SmtpClient>& client) {
  std::optional<Outgoing> mail = co_await load_outgoing(world_, store_, job.message);
  if (!mail) throw store::StoreError("the message of a queue entry is missing");
  if (client && worn_out(*client)) {
    co_await client->quit(options_.timeouts.quit);
    client.reset();
  }
  Attempt attempt({world_, tls_, options_, clients_}, router_, counters_, *mail, job.entries, client);
  const Instant begun = rt::Loop::current().now();
  co_await attempt.run();
  counters_.attempts.observe(rt::Loop::current().now() - begun);

  Settlement settlement;
  settlement.message = mail->record();
  settlement.events.push_back(attempt.event(world_.clock.now()));
  std::vector<Outcome> outcomes = attempt.outcomes();
  for (size_t i = 0; i < outcomes.size(); ++i)
    settlement.results.push_back({job.entries[i], std::move(outcomes[i])});
  co_await settle(std::move(settlement));

  if (!attempt.unreachable()) {
    destination.went_well(options_.per_destination_max);
  } else {
    destination.went_badly();
    if (!destination.is_connected()) co_await postpone_waiting(destination, attempt.trouble());
  }
}

rt::Task<void> Deliverer::attempt_local(Job& job) {
  MessageId id = job.message;
  std::optional<store::MessageRecord> message = co_await store_.read(store::find_message, id);
  if (!message) throw store::StoreError("the message of a queue entry is missing");
  Settlement settlement =
      co_await deliver_locally(directory_, queue_, std::move(*message), job.entries.front());
  co_await settle(std::move(settlement));
}

rt::Task<void> Deliverer::settle(Settlement settlement) {
  co_await settler_.settle(std::move(settlement));
  // There is room for more in hand, what was delayed has a new time, and an
  // alias or a report may have brought new entries.
  queue_.notify();
}

rt::Task<void> Deliverer::postpone(Job& job, Outcome outcome) {
  MessageId id = job.message;
  std::optional<store::MessageRecord> message = co_await store_.read(store::find_message, id);
  Settlement settlement;
  // Without its record nobody can be told; the entry goes all the same.
  settlement.message.id = id;
  if (message) {
    settlement.message = std::move(*message);
  } else {
    outcome = failed("5.3.0", "the message is missing in the store");
  }
  for (const queue::Entry& entry : job.entries) settlement.results.push_back({entry, outcome});
  co_await settle(std::move(settlement));
}

// No server of the destination could be reached: the other mail that waits for
// it now need not find that out one by one.
rt::Task<void> Deliverer::postpone_waiting(Destination& destination, Outcome outcome) {
  std::deque<Job> jobs = std::exchange(destination.jobs, {}), unwritten;
  for (Job& job : jobs) {
    std::string trouble;
    try {
      co_await postpone(job, outcome);
    } catch (const std::exception& error) {
      trouble = error.what();
    }
    if (trouble.empty()) continue;
    world_.log.error("deliver.attempt_failed", {{"id", journey::trace_id(job.message)}, {"reason", trouble}});
    unwritten.push_back(std::move(job));
  }
  if (!unwritten.empty()) co_await give_back(std::move(unwritten));
}

bool Deliverer::worn_out(const SmtpClient& client) const {
  return client.mails >= options_.mails_per_connection ||
         client.mails >= client.can().limits.mail_max.value_or(UINT64_MAX);
}

}  // namespace pabal::deliver

#include "deliver/settle.h"

#include <algorithm>

#include "deliver/local.h"
#include "intake/trace.h"
#include "proto/smtp/path.h"
#include "queue/records.h"

namespace pabal::deliver {

namespace {

using proto::dsn::Action;

constexpr Duration kFirstPause = std::chrono::seconds(1);
constexpr Duration kLongestPause = std::chrono::seconds(30);
constexpr int kReadAttempts = 3;
constexpr Duration kReadAgainAfter = std::chrono::seconds(1);

// Leaves the transaction: an entry that a report speaks of has been dropped.
struct Dropped {
  std::vector<QueueEntryId> entries;
};

const char* event_kind(Outcome::Kind kind) {
  switch (kind) {
    case Outcome::relayed:
      return "relayed";
    case Outcome::delivered:
      return "delivered";
    case Outcome::expanded:
      return "expanded";
    case Outcome::delayed:
      return "delayed";
    case Outcome::failed:
      return "failed";
  }
  return "?";
}

queue::State end_state(Outcome::Kind kind) {
  switch (kind) {
    case Outcome::relayed:
      return queue::State::relayed;
    case Outcome::delivered:
      return queue::State::delivered;
    case Outcome::expanded:
      return queue::State::expanded;
    case Outcome::failed:
      return queue::State::failed;
    case Outcome::delayed:
      break;
  }
  return queue::State::waiting;
}

journey::Event result_event(const Result& result, Time now) {
  const Outcome& outcome = result.outcome;
  journey::Event event{now, event_kind(outcome.kind), {}};
  auto fact = [&](const char* name, std::string value) {
    if (!value.empty()) event.facts.emplace_back(name, std::move(value));
  };
  fact("to", proto::smtp::path_text(result.entry.forward_path));
  fact("by", outcome.remote_mta);
  fact("status", outcome.status);
  fact("reply", outcome.reply);
  fact("reason", outcome.reason);
  if (result.retry_at) fact("next", to_rfc3339(*result.retry_at));
  if (result.dropped) fact("note", "the operator had dropped it meanwhile");
  return event;
}

// The rows; returns those that are gone though the settlement does not know it.
std::vector<QueueEntryId> apply(store::Transaction& tx, const Settlement& settlement,
                                const queue::QueueOptions& options, Time now) {
  std::vector<QueueEntryId> gone;
  for (const Result& result : settlement.results) {
    if (result.dropped) continue;
    bool there;
    if (result.retry_at) {
      const Outcome& outcome = result.outcome;
      queue::Delay delay{*result.retry_at, outcome.status,
                         outcome.reply.empty() ? outcome.reason : outcome.reply, outcome.remote_mta, false};
      delay.notice = action_to_report(settlement.message, result, options, now).has_value();
      there = queue::delay(tx, result.entry.id, delay);
    } else {
      there = queue::finish(tx, result.entry.id, end_state(result.outcome.kind));
    }
    if (!there) gone.push_back(result.entry.id);
  }
  return gone;
}

// The unit of work. Throws Dropped and Full.
void write_down(store::Transaction& tx, const store::NewBlobs& blobs, const Settlement& settlement,
                const intake::StagedMails& reports, const queue::QueueOptions& options, Time now) {
  std::vector<QueueEntryId> gone = apply(tx, settlement, options, now);
  if (!gone.empty()) throw Dropped{std::move(gone)};
  std::vector<journey::Event> events = settlement.events;
  for (const Result& result : settlement.results) events.push_back(result_event(result, now));
  for (size_t i = 0; i < reports.size(); ++i) {
    reports[i]->run(tx, blobs[i]);
    events.push_back({now, "dsn", {{"to", settlement.message.reverse_path}, {"id", reports[i]->trace_id()}}});
  }
  journey::record(tx, settlement.message.id, events);
  bool all_dropped = std::ranges::all_of(settlement.results, &Result::dropped);
  if (settlement.local && !all_dropped) carry_out(tx, settlement.message, *settlement.local);
  store::release_message(tx, settlement.message.id);
}

}  // namespace

rt::Task<void> Settler::settle(Settlement settlement) {
  Time now = world_.clock.now();
  for (Result& result : settlement.results) schedule(result, queue_.options(), now);
  Duration pause = kFirstPause;
  while (!co_await try_commit(settlement, now)) {
    if (give_up_) {
      for (const Result& result : settlement.results) queue_.release(result.entry);
      co_return;
    }
    co_await given_up_.wait(rt::Loop::current().now() + pause);
    pause = std::min(2 * pause, kLongestPause);
  }
  for (const Result& result : settlement.results) queue_.release(result.entry);
  count(settlement);
}

rt::Task<void> Settler::look_at_store() {
  try {
    co_await store_.write([](store::Transaction&) {});
  } catch (const store::StoreError& error) {
    look_at(error);
  }
}

void Settler::look_at(const store::StoreError& error) {
  if (!error.damaged() || std::exchange(store_damaged_, true)) return;
  world_.log.error("deliver.stopped", {{"reason", error.what()}});
}

void Settler::give_up() {
  give_up_ = true;
  given_up_.notify();
}

// False: to be tried again.
rt::Task<bool> Settler::try_commit(Settlement& settlement, Time now) {
  std::vector<QueueEntryId> dropped;
  try {
    Reports staged = co_await reports(settlement, now);
    co_await store_.commit(std::move(staged.blobs), write_down, settlement, staged.mails, queue_.options(),
                           now);
    counters_.reports += staged.mails.size();
    co_return true;
  } catch (const Dropped& meanwhile) {
    dropped = meanwhile.entries;
  } catch (const Full& full) {
    wait_for_room(settlement, full);
    for (Result& result : settlement.results) schedule(result, queue_.options(), now);
  } catch (const store::StoreError& error) {
    world_.log.error("deliver.outcome_not_stored",
                     {{"id", journey::trace_id(settlement.message.id)}, {"reason", error.what()}});
    look_at(error);
    co_return false;
  }
  for (Result& result : settlement.results) {
    if (std::ranges::find(dropped, result.entry.id) != dropped.end()) result.dropped = true;
  }
  co_return co_await try_commit(settlement, now);
}

// Recipients with the same action share one report.
rt::Task<Settler::Reports> Settler::reports(const Settlement& settlement, Time now) {
  Reports staged;
  std::string original;
  for (Action action :
       {Action::failed, Action::delayed, Action::delivered, Action::relayed, Action::expanded}) {
    std::vector<proto::dsn::RecipientStatus> recipients;
    for (const Result& result : settlement.results) {
      if (action_to_report(settlement.message, result, queue_.options(), now) == action)
        recipients.push_back(status_of(result, action, queue_.options(), now));
    }
    if (recipients.empty()) continue;
    if (original.empty()) original = co_await original_of(settlement.message);
    proto::dsn::Report report =
        report_for(settlement.message, action, std::move(recipients), queue_.options());
    report.original = original;
    std::optional<intake::Incoming> incoming = co_await intake_.report(std::move(report));
    if (incoming) {
      intake::Ready ready = intake_.stage(std::move(*incoming));
      staged.blobs.push_back(std::move(ready.blob));
      staged.mails.push_back(std::move(ready.mail));
    } else {
      world_.log.warning("deliver.nobody_to_tell", {{"id", journey::trace_id(settlement.message.id)},
                                                    {"to", settlement.message.reverse_path}});
    }
  }
  co_return staged;
}

// A damaged message must not keep its sender from being told, and a disk that
// fails for a moment must not keep from him which message it was.
rt::Task<std::string> Settler::original_of(const store::MessageRecord& message) {
  std::string original(intake::prefix_for_relay(message.prefix));
  for (int attempt = 1;; ++attempt) {
    std::string reason;
    try {
      original += co_await store_.message_bytes(message.id);
      co_return original;
    } catch (const store::StoreError& error) {
      reason = error.what();
    }
    if (attempt == kReadAttempts || give_up_) {
      world_.log.error("deliver.message_unreadable",
                       {{"id", journey::trace_id(message.id)}, {"reason", reason}});
      co_return original + "\r\n";
    }
    co_await given_up_.wait(rt::Loop::current().now() + kReadAgainAfter);
  }
}

void Settler::count(const Settlement& settlement) {
  for (const Result& result : settlement.results) {
    const Outcome& outcome = result.outcome;
    switch (outcome.kind) {
      case Outcome::relayed:
        ++counters_.relayed;
        break;
      case Outcome::delivered:
        ++counters_.delivered;
        break;
      case Outcome::expanded:
        ++counters_.expanded;
        break;
      case Outcome::delayed:
        ++counters_.delayed;
        break;
      case Outcome::failed:
        ++counters_.failed;
        break;
    }
    std::string to = proto::smtp::path_text(result.entry.forward_path);
    std::string next = result.retry_at ? to_rfc3339(*result.retry_at) : "";
    world_.log.info(std::string("deliver.") + event_kind(outcome.kind),
                    {{"id", journey::trace_id(settlement.message.id)},
                     {"to", to},
                     {"by", outcome.remote_mta},
                     {"status", outcome.status},
                     {"reply", outcome.reply.empty() ? outcome.reason : outcome.reply},
                     {"next", next}});
  }
}

}  // namespace pabal::deliver

#include "deliver/attempt.h"

#include <algorithm>

#include "proto/smtp/path.h"

namespace pabal::deliver {

namespace {

Outcome outcome_of(const route::Refusal& refusal) {
  return refusal.permanent ? failed(refusal.status, refusal.reason) : delayed(refusal.status, refusal.reason);
}

}  // namespace

Attempt::Attempt(Opening opening, route::Router& router, Counters& counters, Outgoing& mail,
                 const std::vector<queue::Entry>& entries, std::unique_ptr<SmtpClient>& client)
    : opening_(opening),
      router_(router),
      counters_(counters),
      mail_(mail),
      entries_(entries),
      client_(client),
      outcomes_(entries.size()),
      begun_(rt::Loop::current().now()) {}

bool Attempt::all_decided() const {
  return std::ranges::all_of(outcomes_, [](const auto& outcome) { return outcome.has_value(); });
}

void Attempt::learn(const route::Facts& facts) {
  facts_.insert(facts_.end(), facts.begin(), facts.end());
}

// One host that may work later outweighs others that never will.
void Attempt::remember(Outcome trouble) {
  if (trouble_ && trouble_->kind == Outcome::delayed && trouble.kind == Outcome::failed) return;
  trouble_ = std::move(trouble);
}

rt::Task<void> Attempt::run() {
  if (client_) co_await use_kept();
  if (all_decided()) co_return;

  route::Route route = co_await router_.route(entries_.front().destination);
  learn(route.facts);
  if (route.refusal) remember(outcome_of(*route.refusal));
  for (const route::Hop& hop : route.hops) {
    bool enough = co_await try_hop(route, hop);
    if (enough) break;
  }
  if (all_decided()) co_return;
  verify(trouble_.has_value(), "without a host there is a reason");
  unreachable_ = !answered_;
}

// A server may close an idle connection, or one with many mails behind it, at
// any time; that says nothing about this mail.
rt::Task<void> Attempt::use_kept() {
  dialogue_.note("over the connection to " + client_->host() + " that the mail before has used");
  client_->write_to(&dialogue_);
  co_await transact();
  if (!all_decided() && !answered_) trouble_.reset();
}

// True when nothing is left to do, or enough was tried.
rt::Task<bool> Attempt::try_hop(const route::Route& route, const route::Hop& hop) {
  route::HopAddresses addresses = co_await router_.addresses(hop);
  learn(addresses.facts);
  if (addresses.refusal) {
    Outcome outcome = outcome_of(*addresses.refusal);
    outcome.remote_mta = hop.host;
    remember(std::move(outcome));
  }
  // RFC 5321 §5.1: what is not preferred to us would only send it back.
  if (addresses.ourselves) co_return true;
  for (const io::Endpoint& endpoint : addresses.endpoints) {
    if (++servers_ > opening_.options.servers_max) co_return true;
    auto opened = co_await open_client(opening_, hop, endpoint, route, dialogue_);
    if (!opened) {
      ++counters_.connections_failed;
      bool ourselves = opened.error().kind == Outcome::failed;
      remember(std::move(opened.error()));
      if (ourselves) co_return true;
      continue;
    }
    client_ = std::move(*opened);
    ++counters_.connections;
    if (client_->encrypted()) ++counters_.connections_tls;
    co_await transact();
    if (all_decided()) co_return true;
  }
  co_return false;
}

// Transactions over client_ until every recipient is decided or it is lost; a
// server may take only so many in each (RFC 5321 §4.5.3.1.10).
rt::Task<void> Attempt::transact() {
  while (client_ && !all_decided()) {
    std::vector<const queue::Entry*> open;
    std::vector<size_t> index;
    for (size_t i = 0; i < entries_.size(); ++i) {
      if (outcomes_[i]) continue;
      open.push_back(&entries_[i]);
      index.push_back(i);
    }
    ++counters_.transactions;
    TransactionResult result =
        co_await run_transaction(opening_.world, *client_, mail_, open, opening_.options, dialogue_);
    answered_ = answered_ || result.answered;
    bool progress = false;
    for (size_t i = 0; i < open.size(); ++i) {
      if (!result.outcomes[i]) continue;
      progress = true;
      outcomes_[index[i]] = std::move(result.outcomes[i]);
    }
    if (result.lost || !progress) {
      std::string host = client_->host();
      client_.reset();
      remember(result.lost ? std::move(*result.lost) : delayed("4.5.0", host + " decides nothing"));
    }
  }
  if (client_) client_->write_to(nullptr);
}

std::vector<Outcome> Attempt::outcomes() const {
  std::vector<Outcome> out;
  for (const auto& outcome : outcomes_) out.push_back(outcome ? *outcome : *trouble_);
  return out;
}

journey::Event Attempt::event(Time at) const {
  journey::Event event{at, "attempt", {}};
  std::string to;
  for (const queue::Entry& entry : entries_) {
    if (!to.empty()) to += ", ";
    to += proto::smtp::path_text(entry.forward_path);
  }
  event.facts.emplace_back("to", std::move(to));
  event.facts.insert(event.facts.end(), facts_.begin(), facts_.end());
  if (!dialogue_.text().empty()) event.facts.emplace_back("dialogue", dialogue_.text());
  auto took = rt::Loop::current().now() - begun_;
  event.facts.emplace_back("took", std::to_string(took.count() / 1000) + " ms");
  return event;
}

}  // namespace pabal::deliver

// One attempt: one mail to its recipients at one destination, over a kept
// connection or along the hosts of the route, until each recipient has an
// outcome.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "deliver/counters.h"
#include "deliver/open.h"
#include "deliver/outgoing.h"
#include "deliver/report.h"
#include "deliver/transaction.h"
#include "journey/journey.h"

namespace pabal::deliver {

class Attempt {
 public:
  // `client`: a kept connection, or nullptr; afterwards the one to keep, if any.
  Attempt(Opening opening, route::Router& router, Counters& counters, Outgoing& mail,
          const std::vector<queue::Entry>& entries, std::unique_ptr<SmtpClient>& client);

  rt::Task<void> run();

  // In the order of the entries; all decided.
  std::vector<Outcome> outcomes() const;
  journey::Event event(Time at) const;
  // No server could be reached at all, so that other mail for the destination
  // has no better chance now.
  bool unreachable() const { return unreachable_; }
  const Outcome& trouble() const { return *trouble_; }

 private:
  rt::Task<void> use_kept();
  rt::Task<bool> try_hop(const route::Route& route, const route::Hop& hop);
  rt::Task<void> transact();
  void remember(Outcome trouble);
  bool all_decided() const;
  void learn(const route::Facts& facts);

  Opening opening_;
  route::Router& router_;
  Counters& counters_;
  Outgoing& mail_;
  const std::vector<queue::Entry>& entries_;
  std::unique_ptr<SmtpClient>& client_;
  std::vector<std::optional<Outcome>> outcomes_;
  std::optional<Outcome> trouble_;  // of the hosts so far
  size_t servers_ = 0;              // tried
  bool answered_ = false;
  bool unreachable_ = false;
  Dialogue dialogue_;
  route::Facts facts_;
  Instant begun_;
};

}  // namespace pabal::deliver

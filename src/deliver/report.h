// Who is told what of an attempt: NOTIFY (RFC 3461 §4.1, §5.2) and the
// contents of the report (RFC 3464).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "deliver/outcome.h"
#include "proto/dsn/dsn.h"
#include "queue/entry.h"
#include "queue/schedule.h"
#include "store/messages.h"

namespace pabal::deliver {

// One recipient, what the attempt brought, and what follows.
struct Result {
  queue::Entry entry;
  Outcome outcome;
  std::optional<Time> retry_at;  // delayed: the next attempt
  bool dropped = false;          // by the operator while the attempt ran
};

// Turns a delay into a failure when the lifetime is over, or sets retry_at.
void schedule(Result& result, const queue::QueueOptions& options, Time now);

// The action to report, if the sender wants to know of it.
std::optional<proto::dsn::Action> action_to_report(const store::MessageRecord& message, const Result& result,
                                                   const queue::QueueOptions& options, Time now);

proto::dsn::RecipientStatus status_of(const Result& result, proto::dsn::Action action,
                                      const queue::QueueOptions& options, Time now);

// Without original; what else Intake::report fills in is left out.
proto::dsn::Report report_for(const store::MessageRecord& message, proto::dsn::Action action,
                              std::vector<proto::dsn::RecipientStatus> recipients,
                              const queue::QueueOptions& options);

}  // namespace pabal::deliver

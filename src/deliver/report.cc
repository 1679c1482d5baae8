#include "deliver/report.h"

#include <algorithm>

#include "base/verify.h"
#include "proto/smtp/path.h"

namespace pabal::deliver {

namespace {
using proto::dsn::Action;
using proto::smtp::NotifySet;
}  // namespace

void schedule(Result& result, const queue::QueueOptions& options, Time now) {
  Outcome& outcome = result.outcome;
  if (outcome.kind != Outcome::delayed) return;
  result.retry_at = next_attempt(options, result.entry.queued_at, result.entry.attempts + 1, now);
  if (result.retry_at) return;
  std::string last = outcome.reason.empty() ? outcome.reply : outcome.reason;
  outcome.kind = Outcome::failed;
  outcome.status = "5.4.7";  // RFC 3463 §3.5: delivery time expired
  outcome.reason =
      "it could not be delivered within " + to_text(options.lifetime) + "; the last time: " + last;
}

std::optional<Action> action_to_report(const store::MessageRecord& message, const Result& result,
                                       const queue::QueueOptions& options, Time now) {
  const NotifySet& notify = result.entry.notify;
  // RFC 5321 §4.5.5: what has a null reverse-path causes no report.
  if (message.reverse_path.empty() || notify.never || result.dropped) return std::nullopt;
  switch (result.outcome.kind) {
    case Outcome::failed:
      if (notify.is_unset() || notify.failure) return Action::failed;
      break;
    case Outcome::delayed: {
      bool due = delay_notice_due(options, result.entry.queued_at, now) && !result.entry.delay_noticed;
      if (due && (notify.is_unset() || notify.delay)) return Action::delayed;
      break;
    }
    case Outcome::relayed:
      // RFC 3461 §5.2.2: the next server will not tell of success, so we tell
      // how far we know.
      if (notify.success && !result.outcome.dsn_passed_on) return Action::relayed;
      break;
    case Outcome::delivered:
      if (notify.success) return Action::delivered;
      break;
    case Outcome::expanded:
      if (notify.success && !result.outcome.dsn_passed_on) return Action::expanded;
      break;
  }
  return std::nullopt;
}

proto::dsn::RecipientStatus status_of(const Result& result, Action action, const queue::QueueOptions& options,
                                      Time now) {
  const queue::Entry& entry = result.entry;
  proto::dsn::RecipientStatus status;
  if (entry.orcpt) status.original_recipient = entry.orcpt->addr_type + ";" + entry.orcpt->address;
  status.final_recipient = proto::smtp::path_text(entry.forward_path);
  status.action = action;
  status.status = result.outcome.status;
  status.remote_mta = result.outcome.remote_mta;
  status.diagnostic_code = result.outcome.reply;
  status.last_attempt = now;
  if (action == Action::delayed) status.will_retry_until = entry.queued_at + options.lifetime;
  if (!result.outcome.reason.empty()) status.explanation = result.outcome.reason + ".";
  return status;
}

proto::dsn::Report report_for(const store::MessageRecord& message, Action action,
                              std::vector<proto::dsn::RecipientStatus> recipients,
                              const queue::QueueOptions& options) {
  proto::dsn::Report report;
  auto to = mail::parse_address(message.reverse_path, true);
  verify(to.has_value(), "a reverse-path that was accepted is an address");
  report.to = *to;
  report.envid = message.envid;
  report.arrival = message.received_at;
  report.utf8 = message.smtputf8;
  // RFC 3461 §6.2: RET is about failures; other reports return the header alone.
  // What was too big for the way there may be too big for the way back.
  bool too_big = std::ranges::any_of(recipients, [](const auto& r) { return r.status.ends_with(".3.4"); });
  bool wanted = message.ret == store::Ret::full ||
                (message.ret == store::Ret::unset && message.size_octets <= options.returned_octets_max);
  report.return_full = action == Action::failed && wanted && !too_big;
  report.recipients = std::move(recipients);
  return report;
}

}  // namespace pabal::deliver

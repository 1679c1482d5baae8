// One mail transaction: MAIL, RCPT for each recipient, the message
// (RFC 5321 §3.3), with what the server's extensions allow.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "deliver/options.h"
#include "deliver/outcome.h"
#include "deliver/outgoing.h"
#include "deliver/smtp_client.h"
#include "queue/entry.h"

namespace pabal::deliver {

struct TransactionResult {
  // One for each recipient given. nullopt: not decided here, because the server
  // takes no more in one transaction or the connection was lost before the
  // message was out; it may be tried again at once.
  std::vector<std::optional<Outcome>> outcomes;
  // The connection is gone (or the server said 421), and why.
  std::optional<Outcome> lost;
  // The server took part in the transaction: said yes to MAIL, or refused it.
  bool answered = false;
};

// Does not throw IoError. When the connection breaks after the last block of
// the message has begun, nobody knows whether the server has it: these
// recipients are delayed, and may get it twice (RFC 5321 §6.1); the outcome
// says so.
rt::Task<TransactionResult> run_transaction(io::World& world, SmtpClient& client, Outgoing& mail,
                                            const std::vector<const queue::Entry*>& recipients,
                                            const DelivererOptions& options, Dialogue& dialogue);

}  // namespace pabal::deliver

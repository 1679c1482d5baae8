// Other servers' replies as outcomes.
#pragma once

#include <string>

#include "deliver/outcome.h"
#include "proto/smtp/reply.h"

namespace pabal::deliver {

// "550 5.1.1 no such user": as a DSN's Diagnostic-Code has it.
std::string reply_text(const proto::smtp::Reply& reply);

// 2xx relayed, 4xx delayed, 5xx failed. Without an enhanced code the status is
// the class alone (RFC 3463 §2: "4.0.0"). Anything else is no answer to what
// we sent: delayed, 4.5.0.
Outcome outcome_of(const proto::smtp::Reply& reply, const std::string& host);

// "452 too many recipients": the rest is to come in another transaction
// (RFC 5321 §4.5.3.1.10, where 552 is the same from old servers).
bool says_too_many_recipients(const proto::smtp::Reply& reply);

}  // namespace pabal::deliver

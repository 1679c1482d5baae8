// AUTH as a client (RFC 4954), for smarthosts.
#pragma once

#include <optional>

#include "deliver/outcome.h"
#include "deliver/smtp_client.h"
#include "io/world.h"
#include "proto/sasl/client.h"

namespace pabal::deliver {

// nullopt: the server knows us now. PLAIN and LOGIN only over TLS. Throws IoError.
rt::Task<std::optional<Outcome>> authenticate(io::World& world, SmtpClient& client,
                                              proto::sasl::Credentials credentials, Duration timeout);

}  // namespace pabal::deliver

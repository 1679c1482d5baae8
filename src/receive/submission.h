// What a submission server does to a message of its users (RFC 6409 §8).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "mail/address.h"

namespace pabal::receive {

// The addresses of the one From field; nullopt when it is missing, double,
// empty or has something that is no address (RFC 5322 §3.6.2).
std::optional<std::vector<mail::Address>> from_addresses(std::string_view message, bool allow_utf8);

// Puts Date (RFC 6409 §8.2) and Message-ID (§8.3) in front when they are missing.
void complete_header(std::string& message, Time now, std::string_view message_id);

}  // namespace pabal::receive

// How passwords are kept. People's own: Argon2id, slow by design. App
// passwords: made by us from 100 random bits, which nobody can guess, so one
// salted SHA-256 does.
#pragma once

#include <string>
#include <string_view>

#include "io/world.h"

namespace pabal::directory {

inline constexpr size_t kPasswordOctetsMax = 1024;

// Argon2id as a PHC string: 19 MiB, 2 passes, 1 lane.
std::string hash_password(std::string_view password, io::Random& random);

// A SCRAM-SHA-256 secret, as proto/sasl/scram_secret.h writes it; salt: random
// octets, kScramSaltOctets of them. Slow too.
std::string make_scram(std::string_view password, std::string_view salt);
// It was made with fewer iterations than one is now: to be made anew when its owner
// has told the password.
bool scram_is_weak(std::string_view scram);

// Takes as long for an empty `phc` (no such account, no login) as for a wrong
// password. Runs some 20 to 60 ms: off the event loop.
bool password_matches(std::string_view phc, std::string_view password);

// "abcd-efgh-jkmn-pqrs-tuvw".
std::string make_app_password(io::Random& random);
std::string hash_app_password(std::string_view password, io::Random& random);
// Hyphens, spaces and case do not matter.
bool app_password_matches(std::string_view hash, std::string_view password);

}  // namespace pabal::directory

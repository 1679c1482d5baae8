// What OpenSSL takes from the machine by itself, randomness and the time of day,
// comes from the seed here, so that a run with TLS can be repeated octet by octet.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tls/context.h"

namespace pabal::simulation {

// From now on OpenSSL's random octets follow from `seed`, for the whole process,
// and its clock stands still at the beginning of the run.
void seed_openssl(uint64_t seed);

// Certificate and key of a server under test: the same in every process.
const tls::CertificateFiles& certificate_of(size_t server);

}  // namespace pabal::simulation

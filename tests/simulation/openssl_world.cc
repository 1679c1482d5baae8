// RAND_set_rand_method: its successor, a provider, would be set per library
// context, and the product uses the default one.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "openssl_world.h"

#include <array>
#include <ctime>
#include <openssl/rand.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include "base/verify.h"
#include "plan.h"
#include "sim/world.h"
#include "tls/certificate.h"

// OpenSSL asks libc itself, for session tickets and for the validity of
// certificates; the linker gives it this one. The product asks its World.
extern "C" time_t time(time_t* out) noexcept {
  time_t now = pabal::sim::SimWorld::kStart.ms / 1000;
  if (out != nullptr) *out = now;
  return now;
}

namespace pabal::simulation {

namespace {

sim::SimRandom& generator() {
  static sim::SimRandom random(0);
  return random;
}

int fill(unsigned char* into, int octets) {
  generator().fill({reinterpret_cast<char*>(into), static_cast<size_t>(octets)});
  return 1;
}

int ready() {
  return 1;
}

// OpenSSL reads files by name only; these are gone with the process.
std::string file_with(const std::string& text) {
  int file = memfd_create("pabal", 0);
  verify(file >= 0, "there is a file for a certificate");
  verify(write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()),
         "a certificate is written");
  return "/proc/self/fd/" + std::to_string(file);
}

std::array<tls::CertificateFiles, kServers> make_certificates() {
  seed_openssl(0);
  std::array<tls::CertificateFiles, kServers> files;
  for (size_t i = 0; i < kServers; ++i) {
    tls::Credentials made = tls::make_self_signed({kHosts[i]}, sim::SimWorld::kStart);
    files[i] = {file_with(made.certificate_pem), file_with(made.key_pem)};
  }
  return files;
}

}  // namespace

void seed_openssl(uint64_t seed) {
  static const RAND_METHOD method = {nullptr, fill, nullptr, nullptr, fill, ready};
  RAND_set_rand_method(&method);
  generator() = sim::SimRandom(seed);
}

const tls::CertificateFiles& certificate_of(size_t server) {
  static const std::array<tls::CertificateFiles, kServers> files = make_certificates();
  return files[server];
}

}  // namespace pabal::simulation

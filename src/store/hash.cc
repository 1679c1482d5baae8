#include "store/hash.h"

#include <bit>
#include <openssl/evp.h>
#include <xxhash.h>

#include "base/verify.h"

namespace pabal::store {

namespace {

// Looked up once: OpenSSL's one-shot functions do so at every call.
const EVP_MD* algorithm() {
  static EVP_MD* const found = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  verify(found != nullptr, "OpenSSL has SHA-256");
  return found;
}

}  // namespace

std::string sha256(std::string_view bytes) {
  std::string digest(32, '\0');
  unsigned int length = 0;
  int result = EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()),
                          &length, algorithm(), nullptr);
  verify(result == 1 && length == digest.size(), "SHA-256 takes any bytes");
  return digest;
}

int64_t checksum(std::string_view bytes) {
  return std::bit_cast<int64_t>(XXH3_64bits(bytes.data(), bytes.size()));
}

bool BytesProof::fits(std::string_view bytes) const {
  return (checksum && *checksum == store::checksum(bytes)) || sha256(bytes) == hash;
}

struct Sha256::Context {
  EVP_MD_CTX* hash = EVP_MD_CTX_new();
  ~Context() { EVP_MD_CTX_free(hash); }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  verify(context_->hash != nullptr && EVP_DigestInit_ex2(context_->hash, algorithm(), nullptr) == 1,
         "OpenSSL begins a SHA-256");
}

Sha256::Sha256(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

Sha256 Sha256::copy() const {
  Sha256 other;
  verify(EVP_MD_CTX_copy_ex(other.context_->hash, context_->hash) == 1, "OpenSSL copies a SHA-256");
  return other;
}

void Sha256::update(std::string_view bytes) {
  verify(EVP_DigestUpdate(context_->hash, bytes.data(), bytes.size()) == 1, "SHA-256 takes any bytes");
}

std::string Sha256::finish() {
  std::string digest(32, '\0');
  unsigned int length = 0;
  int result = EVP_DigestFinal_ex(context_->hash, reinterpret_cast<unsigned char*>(digest.data()), &length);
  verify(result == 1 && length == digest.size(), "a SHA-256 is finished once");
  return digest;
}

}  // namespace pabal::store

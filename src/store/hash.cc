#include "store/hash.h"

#include <algorithm>
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

constexpr size_t kChecksumOctets = 8;

constexpr uint64_t blocks_of(uint64_t octets) {
  return octets / kChecksumBlockOctets + (octets % kChecksumBlockOctets != 0 ? 1 : 0);
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

std::string block_checksums(std::string_view bytes) {
  std::string out;
  if (bytes.size() <= kChecksumBlockOctets) return out;
  out.reserve(blocks_of(bytes.size()) * kChecksumOctets);
  for (; !bytes.empty(); bytes.remove_prefix(std::min(kChecksumBlockOctets, bytes.size()))) {
    const auto sum = std::bit_cast<uint64_t>(checksum(bytes.substr(0, kChecksumBlockOctets)));
    for (size_t i = 0; i < kChecksumOctets; ++i) out += static_cast<char>(sum >> (8 * i));
  }
  return out;
}

bool BytesProof::fits(std::string_view bytes) const {
  const bool known =
      has_blocks(bytes.size()) ? fits_blocks(0, bytes) : checksum && *checksum == store::checksum(bytes);
  return known || sha256(bytes) == hash;
}

bool BytesProof::has_blocks(uint64_t size_octets) const {
  return size_octets > kChecksumBlockOctets && blocks.size() == blocks_of(size_octets) * kChecksumOctets;
}

bool BytesProof::fits_blocks(uint64_t first, std::string_view bytes) const {
  const uint64_t count = blocks_of(bytes.size()), there = blocks.size() / kChecksumOctets;
  if (first > there || count > there - first) return false;
  std::string_view sums = std::string_view(blocks).substr(first * kChecksumOctets);
  for (; !bytes.empty(); bytes.remove_prefix(std::min(kChecksumBlockOctets, bytes.size()))) {
    uint64_t sum = 0;
    for (size_t i = kChecksumOctets; i-- > 0;) sum = sum << 8 | static_cast<unsigned char>(sums[i]);
    if (std::bit_cast<uint64_t>(store::checksum(bytes.substr(0, kChecksumBlockOctets))) != sum) return false;
    sums.remove_prefix(kChecksumOctets);
  }
  return true;
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

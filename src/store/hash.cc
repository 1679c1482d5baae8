#include "store/hash.h"

#include <openssl/evp.h>

#include "base/verify.h"

namespace pabal::store {

std::string sha256(std::string_view bytes) {
  // Looked up once: OpenSSL's one-shot functions do so at every call.
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  verify(algorithm != nullptr, "OpenSSL has SHA-256");
  std::string digest(32, '\0');
  unsigned int length = 0;
  int result = EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()),
                          &length, algorithm, nullptr);
  verify(result == 1 && length == digest.size(), "SHA-256 takes any bytes");
  return digest;
}

}  // namespace pabal::store

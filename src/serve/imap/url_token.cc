#include "serve/imap/url_token.h"

#include <array>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/bytes.h"
#include "base/verify.h"

namespace pabal::serve::imap {

namespace {
constexpr std::string_view kVersion = "01";
}  // namespace

std::string url_token(std::string_view key, std::string_view rump) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned length = 0;
  const auto* text = reinterpret_cast<const unsigned char*>(rump.data());
  const unsigned char* made =
      HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), text, rump.size(), digest.data(), &length);
  verify(made != nullptr, "HMAC works");
  return std::string(kVersion) + to_hex({reinterpret_cast<const char*>(digest.data()), length});
}

bool is_url_token(std::string_view key, std::string_view rump, std::string_view token) {
  std::string right = url_token(key, rump), given = to_lower(token);
  return given.size() == right.size() && CRYPTO_memcmp(given.data(), right.data(), right.size()) == 0;
}

}  // namespace pabal::serve::imap

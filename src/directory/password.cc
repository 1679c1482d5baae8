#include "directory/password.h"

#include <argon2.h>
#include <array>
#include <new>

#include "base/bytes.h"
#include "base/verify.h"
#include "mail/precis.h"
#include "proto/sasl/scram_secret.h"
#include "store/hash.h"

namespace pabal::directory {

namespace {

// OWASP's second choice for Argon2id.
constexpr uint32_t kMemoryKib = 19 * 1024;
constexpr uint32_t kPasses = 2;
constexpr uint32_t kLanes = 1;
constexpr size_t kSaltOctets = 16;
constexpr size_t kHashOctets = 32;

// Has the parameters of a real one and matches nothing.
constexpr const char* kNobody =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

constexpr std::string_view kAppPrefix = "$sha256$";

std::string app_digest(std::string_view salt, std::string_view password) {
  std::string input(salt);
  for (char c : password) {
    if (c != '-' && c != ' ') input += to_lower(c);
  }
  return to_hex(store::sha256(input));
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  unsigned char difference = a.size() == b.size() ? 0 : 1;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    difference = static_cast<unsigned char>(difference | (a[i] ^ b[i]));
  return difference == 0;
}

}  // namespace

std::string hash_password(std::string_view as_typed, io::Random& random) {
  const std::string password = mail::prepare_password(as_typed).value_or(std::string(as_typed));
  std::string salt = random.octets(kSaltOctets);
  std::array<char, 256> encoded{};
  int result = argon2id_hash_encoded(kPasses, kMemoryKib, kLanes, password.data(), password.size(),
                                     salt.data(), salt.size(), kHashOctets, encoded.data(), encoded.size());
  if (result == ARGON2_MEMORY_ALLOCATION_ERROR) throw std::bad_alloc();
  verify(result == ARGON2_OK, "Argon2id takes our parameters");
  return encoded.data();
}

std::string make_scram(std::string_view password, std::string_view salt) {
  return to_text(proto::sasl::make_scram_secret(password, salt, proto::sasl::kScramIterationsDefault));
}

bool scram_is_weak(std::string_view scram) {
  std::optional<proto::sasl::ScramSecret> secret = proto::sasl::parse_scram_secret(scram);
  return secret && secret->iterations < proto::sasl::kScramIterationsDefault;
}

bool password_matches(std::string_view phc, std::string_view password) {
  if (password.size() > kPasswordOctetsMax) return false;
  std::string encoded(phc.empty() ? std::string_view(kNobody) : phc);
  auto verify_one = [&](std::string_view one) {
    return argon2id_verify(encoded.c_str(), one.data(), one.size()) == ARGON2_OK && !phc.empty();
  };
  std::optional<std::string> prepared = mail::prepare_password(password);
  if (!prepared || *prepared == password) return verify_one(password);
  // Of before passwords were prepared, one may be stored as it is typed.
  return verify_one(*prepared) || verify_one(password);
}

std::string make_app_password(io::Random& random) {
  std::string token = random.token(20);
  for (size_t at : {16u, 12u, 8u, 4u}) token.insert(at, "-");
  return token;
}

std::string hash_app_password(std::string_view password, io::Random& random) {
  std::string salt = to_hex(random.octets(kSaltOctets));
  return std::string(kAppPrefix) + salt + "$" + app_digest(salt, password);
}

bool app_password_matches(std::string_view hash, std::string_view password) {
  if (!hash.starts_with(kAppPrefix) || password.size() > kPasswordOctetsMax) return false;
  hash.remove_prefix(kAppPrefix.size());
  size_t dollar = hash.find('$');
  if (dollar == std::string_view::npos) return false;
  return equal_in_constant_time(hash.substr(dollar + 1), app_digest(hash.substr(0, dollar), password));
}

}  // namespace pabal::directory

#include "proto/sasl/scram_secret.h"

#include <algorithm>

#include "base/bytes.h"
#include "mail/encoding.h"
#include "proto/sasl/scram.h"

namespace pabal::proto::sasl {

namespace {

constexpr std::string_view kPrefix = "SCRAM-SHA-256$";

}  // namespace

ScramSecret make_scram_secret(std::string_view password, std::string_view salt, uint32_t iterations) {
  std::string salted = scram::salted_password(password, salt, iterations);
  return {std::string(salt), iterations, scram::sha256(scram::hmac_sha256(salted, "Client Key")),
          scram::hmac_sha256(salted, "Server Key")};
}

std::string to_text(const ScramSecret& secret) {
  return std::string(kPrefix) + std::to_string(secret.iterations) + ":" + mail::base64_encode(secret.salt) +
         "$" + mail::base64_encode(secret.stored_key) + ":" + mail::base64_encode(secret.server_key);
}

std::optional<ScramSecret> parse_scram_secret(std::string_view text) {
  if (!text.starts_with(kPrefix)) return std::nullopt;
  auto parts = split(text.substr(kPrefix.size()), '$');
  if (parts.size() != 2) return std::nullopt;
  auto cost = split(parts[0], ':');
  auto keys = split(parts[1], ':');
  if (cost.size() != 2 || keys.size() != 2) return std::nullopt;
  auto iterations = parse_uint(cost[0]);
  auto salt = mail::base64_decode_strict(cost[1]);
  auto stored_key = mail::base64_decode_strict(keys[0]);
  auto server_key = mail::base64_decode_strict(keys[1]);
  if (!iterations || *iterations == 0 || *iterations > kScramIterationsMax || !salt || !stored_key ||
      !server_key)
    return std::nullopt;
  if (salt->empty() || stored_key->size() != scram::kHashOctets || server_key->size() != scram::kHashOctets)
    return std::nullopt;
  return ScramSecret{*salt, static_cast<uint32_t>(*iterations), *stored_key, *server_key};
}

}  // namespace pabal::proto::sasl

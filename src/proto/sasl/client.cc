#include "proto/sasl/client.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/verify.h"
#include "mail/encoding.h"
#include "proto/sasl/scram.h"
#include "proto/sasl/scram_secret.h"

namespace pabal::proto::sasl {

std::optional<Mechanism> choose_mechanism(const std::vector<std::string>& offered, bool binding_available) {
  auto has = [&offered](Mechanism mechanism) {
    return std::ranges::any_of(offered,
                               [&](const std::string& one) { return iequals(one, name(mechanism)); });
  };
  if (binding_available && has(Mechanism::scram_sha_256_plus)) return Mechanism::scram_sha_256_plus;
  for (Mechanism mechanism : {Mechanism::scram_sha_256, Mechanism::plain, Mechanism::login})
    if (has(mechanism)) return mechanism;
  return std::nullopt;
}

ClientExchange::ClientExchange(Mechanism mechanism, Credentials credentials, ClientOptions options)
    : mechanism_(mechanism), credentials_(std::move(credentials)), options_(std::move(options)) {
  bool is_scram = mechanism_ == Mechanism::scram_sha_256 || mechanism_ == Mechanism::scram_sha_256_plus;
  if (is_scram) verify(scram::is_nonce(options_.nonce) && options_.nonce.size() >= 18, "SCRAM has a nonce");

  std::string flag = "n";
  if (mechanism_ == Mechanism::scram_sha_256_plus) {
    verify(options_.bindings.available(), "-PLUS has a channel binding");
    bool exporter = !options_.bindings.tls_exporter.empty();
    flag = exporter ? "p=tls-exporter" : "p=tls-server-end-point";
    binding_ = exporter ? options_.bindings.tls_exporter : options_.bindings.tls_server_end_point;
  } else if (options_.plus_not_offered) {
    flag = "y";
  }
  gs2_header_ =
      flag + "," +
      (credentials_.authzid.empty() ? std::string() : "a=" + scram::encode_name(credentials_.authzid)) + ",";
  client_first_bare_ = "n=" + scram::encode_name(credentials_.username) + ",r=" + options_.nonce;
}

std::optional<std::string> ClientExchange::initial_response() {
  switch (mechanism_) {
    case Mechanism::plain:
      at_ = At::finished;
      return credentials_.authzid + '\0' + credentials_.username + '\0' + credentials_.password;
    case Mechanism::login:
      return std::nullopt;
    case Mechanism::scram_sha_256:
    case Mechanism::scram_sha_256_plus:
      at_ = At::sent_first;
      return gs2_header_ + client_first_bare_;
  }
  return std::nullopt;
}

std::expected<std::string, ClientError> ClientExchange::step(std::string_view challenge) {
  if (challenge.size() > kResponseMax) return std::unexpected(ClientError::malformed_challenge);
  if (mechanism_ == Mechanism::login) {
    // The prompts differ from server to server; their order does not.
    if (at_ == At::start) {
      at_ = At::sent_first;
      return credentials_.username;
    }
    if (at_ != At::sent_first) return std::unexpected(ClientError::malformed_challenge);
    at_ = At::finished;
    return credentials_.password;
  }
  if (at_ == At::start) {
    // A server that does not take an initial response asks with an empty challenge.
    if (!challenge.empty()) return std::unexpected(ClientError::malformed_challenge);
    return *initial_response();
  }
  if (mechanism_ != Mechanism::plain && at_ == At::sent_first) return scram_final(challenge);
  if (mechanism_ != Mechanism::plain && at_ == At::sent_final) return scram_check(challenge);
  return std::unexpected(ClientError::malformed_challenge);
}

bool ClientExchange::finished() const {
  return at_ == At::finished;
}

std::expected<std::string, ClientError> ClientExchange::scram_final(std::string_view server_first) {
  auto attributes = scram::parse_attributes(server_first);
  if (!attributes) return std::unexpected(ClientError::malformed_challenge);
  if (!attributes->empty() && attributes->front().name == 'e')
    return std::unexpected(ClientError::server_refused);
  if (attributes->size() < 3 || (*attributes)[0].name != 'r' || (*attributes)[1].name != 's' ||
      (*attributes)[2].name != 'i')
    return std::unexpected(ClientError::malformed_challenge);
  std::string nonce((*attributes)[0].value);
  auto salt = mail::base64_decode_strict((*attributes)[1].value);
  auto iterations = parse_uint((*attributes)[2].value);
  // The server must add to our nonce, or an old dialogue could be replayed.
  if (!nonce.starts_with(options_.nonce) || nonce.size() == options_.nonce.size() || !salt || salt->empty() ||
      !iterations || *iterations == 0)
    return std::unexpected(ClientError::malformed_challenge);
  if (*iterations > kScramIterationsMax) return std::unexpected(ClientError::too_expensive);

  std::string without_proof = "c=" + mail::base64_encode(gs2_header_ + binding_) + ",r=" + nonce;
  std::string auth_message = client_first_bare_ + "," + std::string(server_first) + "," + without_proof;
  std::string salted =
      scram::salted_password(credentials_.password, *salt, static_cast<uint32_t>(*iterations));
  std::string client_key = scram::hmac_sha256(salted, "Client Key");
  std::string proof =
      scram::exclusive_or(client_key, scram::hmac_sha256(scram::sha256(client_key), auth_message));
  server_signature_ = scram::hmac_sha256(scram::hmac_sha256(salted, "Server Key"), auth_message);
  at_ = At::sent_final;
  return without_proof + ",p=" + mail::base64_encode(proof);
}

std::expected<std::string, ClientError> ClientExchange::scram_check(std::string_view server_final) {
  auto attributes = scram::parse_attributes(server_final);
  if (!attributes || attributes->empty()) return std::unexpected(ClientError::malformed_challenge);
  if (attributes->front().name == 'e') return std::unexpected(ClientError::server_refused);
  auto signature =
      attributes->front().name == 'v' ? mail::base64_decode_strict(attributes->front().value) : std::nullopt;
  if (!signature) return std::unexpected(ClientError::malformed_challenge);
  if (!scram::equal_secret(*signature, server_signature_))
    return std::unexpected(ClientError::server_not_authentic);
  at_ = At::finished;
  return "";
}

}  // namespace pabal::proto::sasl

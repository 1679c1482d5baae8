#include "proto/sasl/server.h"

#include "base/bytes.h"
#include "base/verify.h"
#include "mail/encoding.h"
#include "proto/sasl/scram.h"

namespace pabal::proto::sasl {

namespace {

Step fail(Failure why) {
  return Failed{why};
}

bool is_name(std::string_view text) {
  return text.size() <= kUsernameMax && is_utf8(text) && !text.contains('\0');
}

bool is_password(std::string_view text) {
  return !text.empty() && is_utf8(text) && !text.contains('\0');
}

}  // namespace

ServerExchange::ServerExchange(Mechanism mechanism, ServerOptions options)
    : mechanism_(mechanism), options_(std::move(options)) {
  switch (mechanism_) {
    case Mechanism::plain:
      state_ = PlainState{};
      break;
    case Mechanism::login:
      state_ = LoginState{};
      break;
    case Mechanism::scram_sha_256:
    case Mechanism::scram_sha_256_plus:
      verify(scram::is_nonce(options_.nonce) && options_.nonce.size() >= 18, "SCRAM has a nonce");
      verify(options_.fake_salt_key.size() >= 16, "SCRAM has a key for made-up salts");
      state_ = ScramState{};
      break;
  }
}

Step ServerExchange::start(std::optional<std::string_view> initial_response) {
  if (initial_response) return step(*initial_response);
  if (mechanism_ == Mechanism::login) return Challenge{"Username:"};
  return Challenge{};
}

Step ServerExchange::step(std::string_view response) {
  if (response.size() > kResponseMax) return fail(Failure::too_long);
  if (std::holds_alternative<PlainState>(state_)) return plain(response);
  if (auto* state = std::get_if<LoginState>(&state_)) return login(*state, response);

  auto& state = std::get<ScramState>(state_);
  switch (state.at) {
    case ScramState::At::client_first:
      return scram_first(state, response);
    case ScramState::At::client_final:
      return scram_final(state, response);
    case ScramState::At::final_ack:
      // The client's empty answer to the server's signature (RFC 4954 §4,
      // RFC 5034 §4: success carries no data of its own).
      state.at = ScramState::At::over;
      if (!response.empty()) return fail(Failure::malformed);
      return Done{state.authzid, state.authcid};
    case ScramState::At::secret:
    case ScramState::At::over:
      break;
  }
  return fail(Failure::malformed);
}

// RFC 4616 §2: [authzid] NUL authcid NUL passwd
Step ServerExchange::plain(std::string_view response) {
  auto parts = split(response, '\0');
  if (parts.size() != 3 || parts[1].empty() || !is_name(parts[0]) || !is_name(parts[1]) ||
      !is_password(parts[2]))
    return fail(Failure::malformed);
  return CheckPassword{std::string(parts[0]), std::string(parts[1]), std::string(parts[2])};
}

Step ServerExchange::login(LoginState& state, std::string_view response) {
  if (!state.username) {
    if (response.empty() || !is_name(response)) return fail(Failure::malformed);
    state.username = std::string(response);
    return Challenge{"Password:"};
  }
  if (!is_password(response)) return fail(Failure::malformed);
  return CheckPassword{"", *state.username, std::string(response)};
}

// RFC 5802 §7: gs2-cbind-flag "," [ "a=" saslname ] "," "n=" saslname "," "r=" nonce
Step ServerExchange::scram_first(ScramState& state, std::string_view message) {
  state.at = ScramState::At::over;
  size_t first = message.find(',');
  size_t second = first == std::string_view::npos ? first : message.find(',', first + 1);
  if (second == std::string_view::npos || !is_utf8(message)) return fail(Failure::malformed);
  std::string_view flag = message.substr(0, first);
  std::string_view authzid = message.substr(first + 1, second - first - 1);

  bool plus = mechanism_ == Mechanism::scram_sha_256_plus;
  if (plus) {
    if (flag == "p=tls-exporter")
      state.binding = options_.bindings.tls_exporter;
    else if (flag == "p=tls-server-end-point")
      state.binding = options_.bindings.tls_server_end_point;
    if (state.binding.empty()) return fail(Failure::channel_binding);
  } else if (flag == "y") {
    // The client could bind and believes we cannot: but -PLUS was on our list.
    if (options_.plus_offered) return fail(Failure::channel_binding);
  } else if (flag != "n") {
    return fail(Failure::malformed);
  }

  if (!authzid.empty()) {
    auto name = authzid.starts_with("a=") ? scram::decode_name(authzid.substr(2)) : std::nullopt;
    if (!name || name->empty() || !is_name(*name)) return fail(Failure::malformed);
    state.authzid = *std::move(name);
  }

  state.gs2_header = message.substr(0, second + 1);
  state.client_first_bare = message.substr(second + 1);
  auto attributes = scram::parse_attributes(state.client_first_bare);
  if (!attributes || attributes->size() < 2 || (*attributes)[0].name != 'n' || (*attributes)[1].name != 'r')
    return fail(Failure::malformed);  // also "m=": mandatory extensions, of which we know none
  auto name = scram::decode_name((*attributes)[0].value);
  if (!name || name->empty() || !is_name(*name) || !scram::is_nonce((*attributes)[1].value))
    return fail(Failure::malformed);
  state.authcid = *std::move(name);
  state.nonce = std::string((*attributes)[1].value) + options_.nonce;
  state.at = ScramState::At::secret;
  return WantSecret{state.authcid};
}

Step ServerExchange::secret(const std::optional<ScramSecret>& secret, const ScramStranger& stranger) {
  auto* state = std::get_if<ScramState>(&state_);
  verify(state && state->at == ScramState::At::secret, "a secret was asked for");
  state->user_exists = secret.has_value();
  if (secret) {
    state->secret = *secret;
  } else {
    // Who gets other iterations has chosen another password, and another salt with it.
    std::string iterations = std::to_string(stranger.iterations);
    state->secret.salt = scram::hmac_sha256(options_.fake_salt_key, stranger.name + '\0' + iterations)
                             .substr(0, kScramSaltOctets);
    state->secret.iterations = stranger.iterations;
  }
  state->server_first = "r=" + state->nonce + ",s=" + mail::base64_encode(state->secret.salt) +
                        ",i=" + std::to_string(state->secret.iterations);
  state->at = ScramState::At::client_final;
  return Challenge{state->server_first};
}

// RFC 5802 §7: "c=" base64 "," "r=" nonce ["," extensions] "," "p=" base64
Step ServerExchange::scram_final(ScramState& state, std::string_view message) {
  state.at = ScramState::At::over;
  auto attributes = scram::parse_attributes(message);
  if (!attributes || attributes->size() < 3 || (*attributes)[0].name != 'c' || (*attributes)[1].name != 'r' ||
      attributes->back().name != 'p')
    return fail(Failure::malformed);
  auto proof = mail::base64_decode_strict(attributes->back().value);
  if (!proof || proof->size() != scram::kHashOctets) return fail(Failure::malformed);
  if ((*attributes)[1].value != state.nonce) return fail(Failure::malformed);
  auto binding = mail::base64_decode_strict((*attributes)[0].value);
  if (!binding || *binding != state.gs2_header + state.binding) return fail(Failure::channel_binding);

  std::string without_proof(message.substr(0, message.rfind(",p=")));
  std::string auth_message = state.client_first_bare + "," + state.server_first + "," + without_proof;
  // A user who does not exist has keys of zeros here: nobody knows a ClientKey
  // that hashes to them, and the work done is the same.
  std::string zeros(scram::kHashOctets, '\0');
  const std::string& stored_key = state.user_exists ? state.secret.stored_key : zeros;
  const std::string& server_key = state.user_exists ? state.secret.server_key : zeros;
  std::string client_key = scram::exclusive_or(*proof, scram::hmac_sha256(stored_key, auth_message));
  bool right = scram::equal_secret(scram::sha256(client_key), stored_key);
  if (!right || !state.user_exists) return fail(Failure::wrong_password);

  state.at = ScramState::At::final_ack;
  return Challenge{"v=" + mail::base64_encode(scram::hmac_sha256(server_key, auth_message))};
}

}  // namespace pabal::proto::sasl

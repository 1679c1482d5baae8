// The client's side of a SASL exchange: challenges in, responses out, all
// decoded. SCRAM also proves the server: only finished() means success.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/portable.h"
#include "proto/sasl/mechanism.h"

namespace pabal::proto::sasl {

struct Credentials {
  std::string authzid;  // empty: as username
  std::string username;
  std::string password;
};

struct ClientOptions {
  std::string nonce;  // SCRAM: at least 18 random octets, used once
  ChannelBindings bindings;
  // Channel binding is available here, but the server did not offer -PLUS:
  // say so, and the server finds out if somebody removed it from the list.
  bool plus_not_offered = false;
};

enum class ClientError {
  malformed_challenge,
  server_not_authentic,  // its signature is wrong: it does not know the password
  server_refused,        // SCRAM e=...
  too_expensive,         // more iterations than kScramIterationsMax
};

// The strongest of ours among the names a server offers: SCRAM-SHA-256-PLUS
// (when bindings are available), SCRAM-SHA-256, PLAIN, LOGIN. The caller
// drops PLAIN and LOGIN from the list when the connection is not encrypted.
std::optional<Mechanism> choose_mechanism(const std::vector<std::string>& offered, bool binding_available);

class ClientExchange {
 public:
  ClientExchange(Mechanism mechanism, Credentials credentials, ClientOptions options);

  // What goes with the command; nullopt for LOGIN, which waits to be asked.
  std::optional<std::string> initial_response();
  // The answer to a challenge. SCRAM: slow (PBKDF2) at the first challenge.
  std::expected<std::string, ClientError> step(std::string_view challenge);
  // False when the server says success before it has proved itself.
  bool finished() const;

 private:
  enum class At { start, sent_first, sent_final, finished };

  std::expected<std::string, ClientError> scram_final(std::string_view server_first);
  std::expected<std::string, ClientError> scram_check(std::string_view server_final);

  Mechanism mechanism_;
  Credentials credentials_;
  ClientOptions options_;
  At at_ = At::start;
  std::string gs2_header_;
  std::string binding_;
  std::string client_first_bare_;
  std::string server_signature_;
};

}  // namespace pabal::proto::sasl

template <>
inline constexpr bool pabal::kPortable<pabal::proto::sasl::ClientExchange> = true;

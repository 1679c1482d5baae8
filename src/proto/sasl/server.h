// The server's side of a SASL exchange: decoded bytes in, what to do out. It
// never blocks and asks nobody; the caller looks up and checks.
//
//   auto exchange = ServerExchange(Mechanism::scram_sha_256, options);
//   Step s = exchange.start(initial_response);       // or nullopt
//   loop:
//     Challenge      → send it, read the response, s = exchange.step(response)
//     CheckPassword  → check it (off the loop); the exchange is over
//     WantSecret     → look the user up, s = exchange.secret(found or nullopt, stranger)
//     Done           → authenticated
//     Failed         → refuse; say nothing about why to the peer
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "proto/sasl/mechanism.h"
#include "proto/sasl/scram_secret.h"

namespace pabal::proto::sasl {

struct Challenge {
  std::string bytes;  // may be empty
};
// PLAIN and LOGIN: the caller decides.
struct CheckPassword {
  std::string authzid;  // whom to act as; empty: as authcid
  std::string authcid;
  std::string password;
};
struct WantSecret {
  std::string authcid;
};
struct Done {
  std::string authzid;
  std::string authcid;
};
enum class Failure {
  malformed,  // not what the mechanism's grammar allows
  too_long,
  wrong_password,   // also: no such user
  channel_binding,  // the TLS seen by the client is not ours: somebody is between
};
struct Failed {
  Failure why = Failure::malformed;
};
// What is shown for somebody who is not there. Whoever is here has one salt however
// his name is written, and the iterations of when he chose his password; so name: as
// accounts are looked up by, iterations: those of one who is here.
struct ScramStranger {
  std::string name;
  uint32_t iterations = kScramIterationsDefault;
};
using Step = std::variant<Challenge, CheckPassword, WantSecret, Done, Failed>;

struct ServerOptions {
  // SCRAM: at least 18 random octets from World's Random, used once.
  std::string nonce;
  // SCRAM: 32 octets that stay the same for this installation; the salt shown
  // for a user who does not exist is made of it, so that it looks real.
  std::string fake_salt_key;
  ChannelBindings bindings;
  // Whether -PLUS was offered on this connection: then a client that says "I
  // could, but you did not offer it" is being downgraded (RFC 5802 §6).
  bool plus_offered = false;
};

class ServerExchange {
 public:
  ServerExchange(Mechanism mechanism, ServerOptions options);

  // The initial response, when the client sent one with its command.
  Step start(std::optional<std::string_view> initial_response);
  Step step(std::string_view response);
  // Answers WantSecret. Without a secret the exchange goes on as `stranger` says
  // and fails at its end, so that names cannot be probed.
  Step secret(const std::optional<ScramSecret>& secret, const ScramStranger& stranger);

 private:
  struct PlainState {};
  struct LoginState {
    std::optional<std::string> username;
  };
  struct ScramState {
    enum class At { client_first, secret, client_final, final_ack, over } at = At::client_first;
    std::string authzid;
    std::string authcid;
    std::string gs2_header;
    std::string binding;  // expected octets behind the gs2 header
    std::string client_first_bare;
    std::string server_first;
    std::string nonce;
    ScramSecret secret;
    bool user_exists = false;
  };

  Step plain(std::string_view response);
  Step login(LoginState& state, std::string_view response);
  Step scram_first(ScramState& state, std::string_view message);
  Step scram_final(ScramState& state, std::string_view message);

  Mechanism mechanism_;
  ServerOptions options_;
  std::variant<PlainState, LoginState, ScramState> state_;
};

}  // namespace pabal::proto::sasl

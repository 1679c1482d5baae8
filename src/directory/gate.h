// Gate: where everybody logs in, whatever he speaks and whichever loop he came to.
// It says which mechanisms there are (RFC 4422), has secrets compared, and makes
// guessing slow. Any thread.
//
// Failures are counted by host first: from where somebody guessed, every attempt
// waits, longer with each failure, but never longer than a mail program does. Those
// at an account count only for hosts that have failed themselves, and somebody who
// has logged in from a host before does not wait there at all: so nobody is locked
// out by what strangers try.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/defaults.h"
#include "directory/directory.h"
#include "listen/protocol.h"
#include "proto/sasl/server.h"

namespace pabal::journey {
class Refusals;
}

namespace pabal::directory {

class Tallies;

// The other side of a SASL exchange: the protocol carries lines.
class SaslPeer {
 public:
  virtual ~SaslPeer() = default;
  // Sends the challenge (decoded octets) and takes the response. Over when it is
  // not `response`: the peer has been told why, or is gone.
  struct Answer {
    enum Kind { response, cancelled, malformed, gone } kind = response;
    std::string octets;  // decoded
  };
  virtual rt::Task<Answer> respond(std::string challenge) = 0;
};

struct Login {
  enum Kind {
    granted,    // account
    disabled,   // right, but the account may not log in
    refused,    // the peer hears only that it was refused
    malformed,  // not what the mechanism's grammar allows
    cancelled,
    gone,
  } kind = refused;
  std::optional<Account> account;
  bool last = false;  // refused as often as a session may be: it ends
  std::string name;   // as which one tried to log in, "" if that never became clear
  std::string why;    // for the log
};

class Gate {
 public:
  struct Options {
    std::string fake_salt_key;                         // 32 octets, see proto::sasl::ServerOptions
    Duration failure_delay = std::chrono::seconds(1);  // after the first; doubled with each
    int failures_max = defaults::auth_failures_max;    // in one session
  };
  // refusals: where they are noted; may be nullptr. Outlives the gate.
  Gate(io::World& world, Options options, journey::Refusals* refusals);
  ~Gate();

  // Whether a password may be sent over this connection.
  static bool is_open(const listen::Visitor& visitor);
  // What may be used there, the best first; nothing where it is not open.
  static std::vector<std::string> mechanisms(const listen::Visitor& visitor);
  static std::optional<proto::sasl::Mechanism> find_mechanism(const listen::Visitor& visitor,
                                                              std::string_view name);

  // Both take the longer the more was guessed from there; on the loop of `directory`.
  rt::Task<Login> log_in(Directory& directory, listen::Visitor& visitor, std::string name,
                         std::string password);
  // initial: the initial response, decoded, if one came with the command.
  rt::Task<Login> log_in(Directory& directory, listen::Visitor& visitor, proto::sasl::Mechanism mechanism,
                         std::optional<std::string> initial, SaslPeer& peer);

 private:
  rt::Task<Login> exchange(Directory& directory, const listen::Visitor& visitor,
                           proto::sasl::Mechanism mechanism, std::optional<std::string> initial,
                           SaslPeer& peer);
  rt::Task<void> wait_turn(const listen::Visitor& visitor, std::string name);
  rt::Task<Login> settle(listen::Visitor& visitor, Login login, std::string_view how);
  void trace(const listen::Visitor& visitor, const Login& login, std::string_view how);

  io::World& world_;
  const Options options_;
  journey::Refusals* const refusals_;
  const std::unique_ptr<Tallies> tallies_;
};

}  // namespace pabal::directory

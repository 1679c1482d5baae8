// A SASL exchange (RFC 4422) with somebody who wants to log in: the grammar says
// what comes next, the directory knows the secrets, the protocol carries lines.
#pragma once

#include <optional>
#include <string>

#include "directory/directory.h"
#include "proto/sasl/server.h"

namespace pabal::directory {

// The other side.
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
    refused,    // name and why, for the log; the peer hears only that it was refused
    malformed,  // not what the mechanism's grammar allows
    cancelled,
    gone,
  } kind = refused;
  std::optional<Account> account;
  std::string name;  // as which one tried to log in, "" if that never became clear
  std::string why;
};

// initial: the initial response, decoded, if one came with the command.
rt::Task<Login> authenticate(Directory& directory, proto::sasl::Mechanism mechanism,
                             proto::sasl::ServerOptions options, std::optional<std::string> initial,
                             SaslPeer& peer);

}  // namespace pabal::directory

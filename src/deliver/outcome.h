// What an attempt brought for one recipient.
#pragma once

#include <string>

namespace pabal::deliver {

struct Outcome {
  enum Kind {
    relayed,    // the next server has taken it
    delivered,  // in a mailbox here
    expanded,   // replaced by the addresses behind an alias
    delayed,    // not now
    failed,     // never
  } kind = delayed;
  std::string status;      // RFC 3463, "5.1.1"
  std::string remote_mta;  // host name; empty when no server was reached
  std::string reply;       // of the remote server, "550 5.1.1 no such user"; empty when the reason is ours
  std::string reason;      // one sentence when the reason is ours
  // Whoever has it next reports success: the next server (RFC 3461 §5.2.1), or
  // we at the only address behind an alias (§5.2.7.2).
  bool dsn_passed_on = false;
};

inline Outcome delayed(std::string status, std::string reason) {
  return {Outcome::delayed, std::move(status), {}, {}, std::move(reason)};
}
inline Outcome failed(std::string status, std::string reason) {
  return {Outcome::failed, std::move(status), {}, {}, std::move(reason)};
}

}  // namespace pabal::deliver

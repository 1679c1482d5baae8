// Handing a mail to a server by SMTP (RFC 5321, RFC 6409): the user agent's
// side, over deliver's SmtpClient. Works with any server.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agent/link.h"
#include "mail/address.h"
#include "proto/smtp/command.h"
#include "proto/smtp/reply.h"

namespace pabal::agent {

struct Submission {
  proto::smtp::ReversePath reverse_path;
  std::vector<mail::Address> forward_paths;
  std::string message;  // CRLF line ends
  // Asked of the server only if it has DSN (RFC 3461).
  proto::smtp::NotifySet notify;
  proto::smtp::Ret ret = proto::smtp::Ret::unset;
  std::string envid;
};

struct SubmitOptions {
  LinkOptions link;
  std::string user;  // empty: without AUTH
  std::string password;
  std::function<void(const std::string& dialogue)> show;  // told the dialogue at the end, if set
};

struct Refused {
  mail::Address address;
  proto::smtp::Reply reply;
};

struct Submitted {
  // The server's answer to each message text that it took; more than one when
  // it does not take all recipients at once.
  std::vector<proto::smtp::Reply> accepted;
  std::vector<Refused> refused;  // recipients that got nothing

  bool complete() const { return refused.empty(); }
};

// Throws CommandError when it comes to no answer about the recipients (refused
// log-in, no TLS) and IoError when the connection breaks.
rt::Task<Submitted> submit(io::World& world, Submission submission, SubmitOptions options);

// The same for a mail that is made when the server has said its name (RFC 5321
// §4.1.1.1), "" if that is none.
using MakeSubmission = std::function<Submission(const std::string& server_name)>;
rt::Task<Submitted> submit_made(io::World& world, MakeSubmission make, SubmitOptions options);

}  // namespace pabal::agent

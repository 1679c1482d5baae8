// What stands before the one door in: a mail with its envelope, and where each
// recipient leads. From SMTP, LMTP, submission, or ourselves (DSN).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "directory/directory.h"
#include "journey/journey.h"
#include "mail/address.h"
#include "proto/smtp/command.h"

namespace pabal::intake {

struct Recipient {
  mail::Address path;  // forward-path as the client gave it
  proto::smtp::NotifySet notify;
  std::optional<proto::smtp::Orcpt> orcpt;
  directory::Resolution where;
};

struct Envelope {
  proto::smtp::ReversePath reverse_path;
  proto::smtp::Body body = proto::smtp::Body::seven_bit;
  bool smtputf8 = false;
  proto::smtp::Ret ret = proto::smtp::Ret::unset;
  std::string envid;
  std::vector<Recipient> recipients;
};

// Who handed the mail in, for the Received field and the journey.
struct Origin {
  std::string protocol =
      "SMTP";  // RFC 3848: SMTP, ESMTP, ESMTPS, ESMTPA, ESMTPSA, LMTP..., UTF8SMTP... (RFC 6531 §4.3)
  std::string helo;
  std::string peer;     // "192.0.2.1", "local" for a local socket, "" for ourselves
  std::string tls;      // "TLSv1.3 TLS_AES_256_GCM_SHA384", "" without
  std::string account;  // who authenticated, "" for nobody
  bool submission = false;
};

struct Incoming {
  Envelope envelope;
  Origin origin;
  std::string bytes;                   // the message, CRLF line ends; complete as it will be stored
  std::vector<journey::Event> events;  // what the session found out (checks)
};

}  // namespace pabal::intake

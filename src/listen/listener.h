// What an operator says of a listener.
#pragma once

#include "tls/mode.h"

namespace pabal::listen {

enum class Service {
  smtp,        // port 25: mail from other servers for our users
  submission,  // 587, 465, 2525: mail from our users (RFC 6409)
  lmtp,        // RFC 2033: mail from a local MTA for our users
  pop3,
  imap,
  metrics,
};

struct ListenerOptions {
  Service service = Service::smtp;
  tls::Mode tls = tls::Mode::none;
  bool plaintext_auth = false;  // logging in without TLS
};

}  // namespace pabal::listen

// Opening a connection to a server: connect, greeting, EHLO, TLS, AUTH
// (RFC 5321 §3.1-3.2, RFC 3207, RFC 4954).
#pragma once

#include <expected>
#include <memory>

#include "deliver/options.h"
#include "deliver/outcome.h"
#include "deliver/smtp_client.h"
#include "io/world.h"
#include "route/router.h"

namespace pabal::deliver {

struct Opening {
  io::World& world;
  tls::ClientContext* tls;  // nullptr: never TLS
  const DelivererOptions& options;
  OpenClients& clients;
};

// Ready for MAIL, or why not. It is "delayed": whatever goes wrong before MAIL is
// said says nothing about the mail (RFC 5321 §4.5.4.1), also a 5xx greeting, as is
// common practice. Only a server that greets by our own name is "failed": it is we,
// reached over an address that is not known to be ours (behind NAT, a forwarded
// port), and the mail would come back. Does not throw IoError.
rt::Task<std::expected<std::unique_ptr<SmtpClient>, Outcome>> open_client(Opening opening, route::Hop hop,
                                                                          io::Endpoint to,
                                                                          const route::Route& route,
                                                                          Dialogue& dialogue);

}  // namespace pabal::deliver

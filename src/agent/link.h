// The way from the user agent to a server: name look-up, connection, TLS, and
// what SASL needs to know about it. All errors are CommandErrors that say which
// server and what to do.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/stream.h"
#include "io/world.h"
#include "proto/sasl/client.h"
#include "rt/task.h"
#include "tls/mode.h"

namespace pabal::agent {

using TlsMode = tls::Mode;

struct ServerAddress {
  std::string host;  // a name or an IP address
  uint16_t port = 0;
  std::string to_string() const;
};
// "mail.example.org", "mail.example.org:587", "[::1]:110"; nullopt if it is none of these.
std::optional<ServerAddress> parse_server(std::string_view text, uint16_t default_port);

// 465 and 995 are TLS from the first octet, 25 is left as it is; everywhere
// else STARTTLS or STLS is wanted (RFC 8314 §3).
TlsMode default_tls(uint16_t port);

struct LinkOptions {
  ServerAddress server;
  TlsMode tls = TlsMode::starttls;
  bool insecure = false;  // neither checks certificates nor keeps passwords out of the clear
  std::string ca_file;    // PEM; empty: the system's
};

struct Link {
  std::unique_ptr<io::Stream> stream;
  // A password may be sent as it is: over TLS, to this machine, or on request.
  bool plain_allowed = false;
  bool encrypted = false;
  std::string tls_info;  // "TLSv1.3 TLS_AES_256_GCM_SHA384"
  proto::sasl::ChannelBindings bindings;
};

// Tries the addresses of the host in turn. TLS only when it is implicit.
rt::Task<Link> dial(io::World& world, LinkOptions options);
// Puts TLS on what was in the clear.
rt::Task<Link> secure(std::unique_ptr<io::Stream> plain, LinkOptions options);

// The SASL exchange for the strongest mechanism that both have. Throws
// CommandError when there is none that may be used.
struct Login {
  proto::sasl::Mechanism mechanism;
  proto::sasl::ClientExchange exchange;
};
Login begin_login(io::World& world, const std::vector<std::string>& offered,
                  proto::sasl::Credentials credentials, const proto::sasl::ChannelBindings& bindings,
                  bool plain_allowed, const std::string& server);

}  // namespace pabal::agent

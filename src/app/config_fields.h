// The field table: what config.cc reads and config_write.cc writes. Adding a
// setting means adding a member in config.h and its row in config_fields.cc.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/config.h"

namespace pabal::app {

// A member with a closed set of values, by name.
template <class S>
struct Choice {
  std::vector<std::string_view> names;
  size_t (*get)(const S&);
  void (*set)(S&, size_t);
};

template <class S>
using Member = std::variant<std::string S::*, bool S::*, int S::*, uint64_t S::*, Duration S::*,
                            std::vector<std::string> S::*, std::vector<Duration> S::*,
                            std::vector<io::IpPrefix> S::*, io::Endpoint S::*, Choice<S>>;

enum class Trait {
  plain,
  required,  // must stand in the file
  path,      // relative to the folder of the config file
};

template <class S>
struct Field {
  std::string_view key;
  Member<S> member;
  std::string_view doc;  // one or more lines
  Trait trait = Trait::plain;
};

// One row per key of the section that S is.
template <class S>
const std::vector<Field<S>>& fields();

template <>
const std::vector<Field<ServerConfig>>& fields<ServerConfig>();
template <>
const std::vector<Field<ListenerConfig>>& fields<ListenerConfig>();
template <>
const std::vector<Field<TlsConfig>>& fields<TlsConfig>();
template <>
const std::vector<Field<LimitsConfig>>& fields<LimitsConfig>();
template <>
const std::vector<Field<RelayConfig>>& fields<RelayConfig>();
template <>
const std::vector<Field<QueueConfig>>& fields<QueueConfig>();
template <>
const std::vector<Field<DeliveryConfig>>& fields<DeliveryConfig>();
template <>
const std::vector<Field<RouteConfig>>& fields<RouteConfig>();
template <>
const std::vector<Field<DnsConfig>>& fields<DnsConfig>();
template <>
const std::vector<Field<LogConfig>>& fields<LogConfig>();
template <>
const std::vector<Field<ImapConfig>>& fields<ImapConfig>();
template <>
const std::vector<Field<StoreConfig>>& fields<StoreConfig>();

// Calls see(name, doc, value) for every section in the order of the file. value
// is a section, or a vector of sections for [[listener]] and [[route]].
template <class C, class See>
void for_each_section(C& config, See see) {
  see("server", "Who this server is and where it keeps its mail.", config.server);
  see("listener",
      "Where clients come in; one block for each. submission: users hand in mail, after login.\n"
      "smtp: other servers hand in mail for us. lmtp: a local server does. pop3, imap: users read mail.\n"
      "metrics: numbers for Prometheus by HTTP; keep it on a loopback address.",
      config.listeners);
  see("tls", "Certificate and key in PEM for every listener with TLS.", config.tls);
  see("limits", "What one client may ask of us.", config.limits);
  see("relay", "Who may send to other domains without login. Users who log in always may.", config.relay);
  see("queue", "Mail for other servers that could not be handed over yet.", config.queue);
  see("delivery", "How mail is carried to other servers.", config.delivery);
  see("route",
      "Mail for a domain goes to the host named here instead of the domain's MX; one block for each.\n"
      "domain = \"*\" is a smarthost for everything else.",
      config.routes);
  see("dns", "Where names are looked up.", config.dns);
  see("log", "One event per line. Passwords and message text are never in it.", config.log);
  see("imap", "Reading mail by IMAP.", config.imap);
  see("store", "How mail lies on disk. The defaults fit nearly everybody.", config.store);
}

}  // namespace pabal::app

// Router: recipient's domain → where to go with it (RFC 5321 §5).
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "directory/directory.h"
#include "io/world.h"
#include "route/options.h"

namespace pabal::route {

// What was found out on the way, for the journey: ("mx busan.test", "10 mx.busan.test").
using Facts = std::vector<std::pair<std::string, std::string>>;

// Why there is no way, now or ever.
struct Refusal {
  bool permanent = false;
  std::string status;  // "5.1.10" (RFC 3463)
  std::string reason;  // one sentence
};

// Recipients with equal next-hops travel together over the same connections.
struct NextHop {
  bool local = false;  // the domain is ours
  std::string name;    // the domain, or "relay.example:587" of a smarthost
  bool operator==(const NextHop&) const = default;
};

// One host to try.
struct Hop {
  std::string host;  // name or IP address
  uint16_t port = 25;
  TlsDemand tls = TlsDemand::opportunistic;
  bool configured = false;  // the operator names it, not the DNS or the sender
};

struct Route {
  std::vector<Hop> hops;  // in the order of trying; empty only with a refusal
  std::string username, password;
  std::optional<Refusal> refusal;
  Facts facts;
};

struct HopAddresses {
  std::vector<io::Endpoint> endpoints;
  std::optional<Refusal> refusal;  // when there are none
  bool ourselves = false;          // it is this server: hosts behind it may not be tried either
  Facts facts;
};

class Router {
 public:
  Router(io::World& world, directory::Directory& directory, RouteOptions options);

  rt::Task<NextHop> next_hop(std::string domain);
  // For a domain that is not ours: smarthost, address literal, MX records by
  // preference (equals in random order, what is ourselves or behind us left
  // out, §5.1), the domain itself without any, null MX (RFC 7505).
  rt::Task<Route> route(std::string domain);
  // What the DNS or a literal names is connected to where a mail server can be, and
  // never where this one listens; what the operator names, anywhere.
  rt::Task<HopAddresses> addresses(Hop hop);

 private:
  const Smarthost* smarthost_for(const std::string& domain) const;
  Instant deadline() const;
  bool is_ours(const io::Endpoint& at) const;
  bool may_connect(const io::IpAddress& ip) const;
  void sort_out(const Hop& hop, HopAddresses& out) const;
  rt::Task<void> look_up(Hop hop, HopAddresses& out);
  void use_mx(const std::string& domain, const io::DnsAnswer& answer, Route& route);

  io::World& world_;
  directory::Directory& directory_;
  RouteOptions options_;
};

}  // namespace pabal::route

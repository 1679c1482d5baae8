#include "route/router.h"

#include <algorithm>
#include <map>

#include "base/bytes.h"
#include "mail/address.h"
#include "proto/dns/rdata.h"
#include "route/address_space.h"

namespace pabal::route {

namespace {

using io::DnsAnswer;

// A zone with hundreds of MX records must not keep an attempt busy for hours.
constexpr size_t kHopsMax = 20;
constexpr size_t kEndpointsMax = 10;  // of one host

std::string describe(const DnsAnswer& answer, std::string_view records) {
  switch (answer.status) {
    case DnsAnswer::ok: {
      std::string out(records);
      if (answer.security == io::Security::secure) out += " (signed)";
      return out;
    }
    case DnsAnswer::no_data:
      return "none";
    case DnsAnswer::nx_domain:
      return "no such name";
    case DnsAnswer::temporary:
      return "no answer: " + answer.reason;
  }
  return "?";
}

Refusal dns_trouble(const std::string& name, const DnsAnswer& answer) {
  return {false, "4.4.3", "the DNS gives no answer for " + name + " (" + answer.reason + ")"};
}

// The address in "[192.0.2.1]" or "[IPv6:2001:db8::1]" (RFC 5321 §4.1.3).
std::optional<std::string> literal_ip(std::string_view domain) {
  if (!domain.starts_with('[') || !domain.ends_with(']')) return std::nullopt;
  domain = domain.substr(1, domain.size() - 2);
  if (istarts_with(domain, "IPv6:")) domain.remove_prefix(5);
  auto ip = io::IpAddress::parse(domain);
  if (!ip) return std::nullopt;
  return ip->to_string();
}

void arrange(std::vector<io::IpAddress>& v6, std::vector<io::IpAddress>& v4, AddressOrder order,
             uint16_t port, std::vector<io::Endpoint>& out) {
  auto add = [&](const io::IpAddress& ip) { out.push_back({ip, port, {}}); };
  switch (order) {
    case AddressOrder::ipv6_first:
    case AddressOrder::ipv6_only:
      std::ranges::for_each(v6, add);
      std::ranges::for_each(v4, add);
      return;
    case AddressOrder::ipv4_first:
    case AddressOrder::ipv4_only:
      std::ranges::for_each(v4, add);
      std::ranges::for_each(v6, add);
      return;
    case AddressOrder::alternate:
      for (size_t i = 0; i < std::max(v6.size(), v4.size()); ++i) {
        if (i < v6.size()) add(v6[i]);
        if (i < v4.size()) add(v4[i]);
      }
      return;
  }
}

}  // namespace

bool Smarthost::matches(const std::string& domain) const {
  if (pattern == "*") return true;
  if (pattern.starts_with('.'))
    return domain.size() > pattern.size() && to_lower(domain).ends_with(to_lower(pattern));
  return iequals(pattern, domain);
}

Router::Router(io::World& world, directory::Directory& directory, RouteOptions options)
    : world_(world), directory_(directory), options_(std::move(options)) {}

const Smarthost* Router::smarthost_for(const std::string& domain) const {
  const Smarthost* best = nullptr;
  auto rank = [](const Smarthost& s) {
    if (s.pattern == "*") return size_t{0};
    return s.pattern.starts_with('.') ? s.pattern.size() : SIZE_MAX;
  };
  for (const Smarthost& candidate : options_.smarthosts) {
    if (candidate.matches(domain) && (best == nullptr || rank(candidate) > rank(*best))) best = &candidate;
  }
  return best;
}

Instant Router::deadline() const {
  return rt::Loop::current().now() + options_.dns_timeout;
}

rt::Task<NextHop> Router::next_hop(std::string domain) {
  bool local = co_await directory_.is_local_domain(domain);
  if (local) co_return NextHop{true, domain};
  if (const Smarthost* smarthost = smarthost_for(domain))
    co_return NextHop{false, smarthost->host + ":" + std::to_string(smarthost->port)};
  co_return NextHop{false, domain};
}

rt::Task<Route> Router::route(std::string domain) {
  Route route;
  if (const Smarthost* smarthost = smarthost_for(domain)) {
    route.hops.push_back({smarthost->host, smarthost->port, smarthost->tls, true});
    route.username = smarthost->username;
    route.password = smarthost->password;
    route.facts.emplace_back("smarthost", smarthost->host + ":" + std::to_string(smarthost->port));
    co_return route;
  }
  if (auto ip = literal_ip(domain)) {
    route.hops.push_back({*ip, options_.smtp_port, TlsDemand::opportunistic});
    co_return route;
  }
  if (!mail::is_domain(domain, false)) {
    route.refusal = Refusal{true, "5.1.2", domain + " is not a domain that the DNS could know"};
    co_return route;
  }
  DnsAnswer answer = co_await world_.resolver.resolve(domain, io::RecordType::mx, deadline());
  switch (answer.status) {
    case DnsAnswer::ok:
      use_mx(domain, answer, route);
      break;
    case DnsAnswer::no_data:
      // RFC 5321 §5.1: the domain itself is its only, implicit MX.
      if (iequals(domain, options_.hostname)) {
        route.refusal =
            Refusal{true, "5.4.6", domain + " leads back to this server, which does not serve it"};
      } else {
        route.hops.push_back({domain, options_.smtp_port, TlsDemand::opportunistic});
      }
      route.facts.emplace_back("mx " + domain, "none: its own address is used");
      break;
    case DnsAnswer::nx_domain:
      route.refusal = Refusal{true, "5.1.2", "the domain " + domain + " does not exist"};
      route.facts.emplace_back("mx " + domain, describe(answer, ""));
      break;
    case DnsAnswer::temporary:
      route.refusal = dns_trouble(domain, answer);
      route.facts.emplace_back("mx " + domain, describe(answer, ""));
      break;
  }
  co_return route;
}

void Router::use_mx(const std::string& domain, const DnsAnswer& answer, Route& route) {
  // RFC 5321 §5.1 wants equals in random order, to spread the load.
  std::map<std::pair<uint16_t, uint64_t>, proto::dns::Mx> ordered;
  for (const std::string& rdata : answer.records) {
    if (auto mx = proto::dns::parse_mx(rdata))
      ordered.emplace(std::pair(mx->preference, world_.random.number()), *mx);
  }
  std::vector<proto::dns::Mx> records;
  for (auto& [key, mx] : ordered) records.push_back(std::move(mx));

  std::string text;
  for (const proto::dns::Mx& mx : records) {
    if (!text.empty()) text += ", ";
    text += std::to_string(mx.preference) + ' ' + (mx.host.empty() ? "." : mx.host);
  }
  if (!answer.canonical_name.empty() && !iequals(answer.canonical_name, domain))
    text += " (alias of " + answer.canonical_name + ")";
  route.facts.emplace_back("mx " + domain, describe(answer, text));

  if (records.size() == 1 && records[0].host.empty()) {
    route.refusal = Refusal{true, "5.1.10", domain + " says that it takes no mail (null MX)"};
    return;
  }
  bool leads_back = false;
  for (const proto::dns::Mx& mx : records) {
    if (iequals(mx.host, options_.hostname)) {
      // We are one of its MX hosts: only better ones may be tried, or the mail
      // would go in circles (§5.1).
      leads_back = true;
      std::erase_if(route.hops, [&](const Hop& hop) {
        return std::ranges::any_of(records, [&](const proto::dns::Mx& other) {
          return other.host == hop.host && other.preference >= mx.preference;
        });
      });
      break;
    }
    bool usable = mail::is_domain(mx.host, false);
    if (usable && route.hops.size() < kHopsMax)
      route.hops.push_back({mx.host, options_.smtp_port, TlsDemand::opportunistic});
  }
  if (!route.hops.empty()) return;
  if (leads_back) {
    route.refusal =
        Refusal{true, "5.4.6", "the best MX host of " + domain + " is this server, which does not serve it"};
  } else {
    route.refusal = Refusal{true, "5.4.4", "no MX record of " + domain + " names a usable host"};
  }
}

// A listener on 0.0.0.0 or [::] is at every address of this machine.
bool Router::is_ours(const io::Endpoint& at) const {
  io::IpAddress ip = unmapped(at.ip);
  if (ip == io::IpAddress{}) ip = *io::IpAddress::parse("127.0.0.1");  // what the kernel makes of it
  auto here = [&] {
    if (ip.is_loopback()) return true;
    std::vector<io::IpAddress> ips = world_.net.addresses();
    return std::ranges::find(ips, ip) != ips.end();
  };
  return std::ranges::any_of(options_.own, [&](const io::Endpoint& own) {
    if (!own.path.empty() || own.port != at.port || own.ip.v6 != ip.v6) return false;
    bool any = own.ip.bytes == io::IpAddress{}.bytes;
    return own.ip == ip || (any && here());
  });
}

bool Router::may_connect(const io::IpAddress& ip) const {
  auto names = [&](const io::IpPrefix& network) {
    return network.contains(ip) || network.contains(unmapped(ip));
  };
  if (std::ranges::any_of(options_.inner_networks, names)) return true;
  Space space = space_of(ip);
  return space == Space::internet || (space == Space::private_network && options_.private_networks);
}

void Router::sort_out(const Hop& hop, HopAddresses& out) const {
  if (std::ranges::any_of(out.endpoints, [&](const io::Endpoint& at) { return is_ours(at); })) {
    out.ourselves = true;
    out.endpoints.clear();
    out.refusal =
        Refusal{true, "5.4.6", hop.host + " is this server itself, which does not serve the domain"};
    return;
  }
  std::vector<std::string> left_out;
  std::erase_if(out.endpoints, [&](const io::Endpoint& at) {
    if (may_connect(at.ip)) return false;
    left_out.push_back(at.ip.to_string());
    return true;
  });
  if (left_out.empty()) return;
  std::string ips = join(left_out, ", ");
  out.facts.emplace_back("not used", ips + ": no place for a mail server of others");
  if (out.endpoints.empty()) {
    out.refusal = Refusal{true, "5.4.4",
                          "the host " + hop.host + " has no address on the Internet, only " + ips +
                              "; if that is meant, delivery.inner_networks or a route allows it"};
  }
}

rt::Task<HopAddresses> Router::addresses(Hop hop) {
  HopAddresses out;
  if (auto ip = io::IpAddress::parse(hop.host)) {
    out.endpoints.push_back({*ip, hop.port, {}});
  } else {
    co_await look_up(hop, out);
  }
  if (!hop.configured) sort_out(hop, out);
  if (out.endpoints.size() > kEndpointsMax) out.endpoints.resize(kEndpointsMax);
  co_return out;
}

rt::Task<void> Router::look_up(Hop hop, HopAddresses& out) {
  std::vector<io::IpAddress> v6, v4;
  for (io::RecordType type : {io::RecordType::aaaa, io::RecordType::a}) {
    bool is_v6 = type == io::RecordType::aaaa;
    if (options_.order == (is_v6 ? AddressOrder::ipv4_only : AddressOrder::ipv6_only)) continue;
    DnsAnswer answer = co_await world_.resolver.resolve(hop.host, type, deadline());
    std::vector<std::string> texts;
    for (const std::string& rdata : answer.records) {
      auto ip = io::IpAddress::from_octets(rdata);
      if (!ip || ip->v6 != is_v6) continue;
      (is_v6 ? v6 : v4).push_back(*ip);
      texts.push_back(ip->to_string());
    }
    out.facts.emplace_back((is_v6 ? "aaaa " : "a ") + hop.host, describe(answer, join(texts, ", ")));
    if (answer.status == DnsAnswer::temporary) out.refusal = dns_trouble(hop.host, answer);
  }
  arrange(v6, v4, options_.order, hop.port, out.endpoints);
  if (!out.endpoints.empty()) {
    out.refusal.reset();
  } else if (!out.refusal) {
    out.refusal = Refusal{true, "5.4.4", "the host " + hop.host + " has no address"};
  }
}

}  // namespace pabal::route

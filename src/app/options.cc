#include "app/options.h"

#include <algorithm>
#include <thread>

#include "base/bytes.h"

namespace pabal::app {

namespace {

std::string read_secret(io::Disk& disk, const std::string& path) {
  std::unique_ptr<io::File> file = disk.open(path, io::OpenMode::read);
  std::string bytes(std::min<uint64_t>(file->size(), 4096), '\0');
  bytes.resize(file->read_at(0, bytes));
  return std::string(trim(bytes));
}

// Several servers on one machine, to try things out: nobody else reaches this one,
// and it sends to a port where nobody else listens.
bool is_alone(const Config& config) {
  auto inside = [](const ListenerConfig& listener) {
    return !listener.address.path.empty() || listener.address.ip.is_loopback();
  };
  return config.delivery.remote_port != RouteConfig{}.port && std::ranges::all_of(config.listeners, inside);
}

size_t or_unlimited(int limit) {
  return limit == 0 ? SIZE_MAX : static_cast<size_t>(limit);
}

}  // namespace

store::StoreOptions store_options(const Config& config) {
  store::StoreOptions out;
  out.directory = config.server.data_directory;
  out.inline_octets_max = config.store.inline_octets_max;
  out.segment_octets = config.store.segment_octets;
  out.readers = config.store.readers;
  out.batch_max = static_cast<size_t>(config.store.batch_max);
  out.batch_octets_max = config.store.batch_octets_max;
  out.log_octets_max = config.store.log_octets_max;
  out.cache_octets = config.store.cache_octets;
  out.open_segments_max = static_cast<size_t>(config.store.open_segments_max);
  out.reserve_octets = config.store.reserve_octets;
  return out;
}

queue::QueueOptions queue_options(const Config& config) {
  queue::QueueOptions out = queue::default_queue_options();
  out.retry_delays = config.queue.retry_delays;
  out.lifetime = config.queue.lifetime;
  out.delay_notice_after = config.queue.delay_notice_after;
  out.returned_octets_max = config.queue.returned_octets_max;
  out.look_again_after = config.queue.look_again_after;
  return out;
}

directory::Gate::Options gate_options(const Config& config, std::string salt_key) {
  return {.fake_salt_key = std::move(salt_key), .failures_max = config.limits.auth_failures_max};
}

receive::SmtpdOptions smtpd_options(const Config& config, journey::Refusals& refusals) {
  const LimitsConfig& limits = config.limits;
  receive::SmtpdOptions out;
  out.hostname = config.server.hostname;
  out.message_octets_max = limits.message_octets_max;
  out.recipients_max = static_cast<uint64_t>(limits.recipients_max);
  out.receiving_octets_max = limits.receiving_octets_max;
  out.command_octets_max = limits.command_octets_max;
  out.errors_max = limits.errors_max;
  out.received_max = limits.received_max;
  out.command_timeout = limits.command_timeout;
  out.data_timeout = limits.data_timeout;
  out.trusted_networks = config.relay.trusted_networks;
  out.refusals = &refusals;
  return out;
}

listen::ListenerOptions listener_options(const ListenerConfig& listener) {
  return {.service = listener.protocol, .tls = listener.tls, .plaintext_auth = listener.plaintext_auth};
}

listen::Seats seats(const Config& config) {
  return listen::Seats(or_unlimited(config.limits.sessions_max),
                       or_unlimited(config.limits.sessions_per_ip_max));
}

serve::pop3::Pop3Options pop3_options(const Config& config) {
  serve::pop3::Pop3Options out;
  out.hostname = config.server.hostname;
  out.idle_timeout = config.limits.pop3_timeout;
  out.errors_max = config.limits.errors_max;
  return out;
}

serve::imap::ImapOptions imap_options(const Config& config) {
  serve::imap::ImapOptions out;
  out.hostname = config.server.hostname;
  out.message_octets_max = config.limits.message_octets_max;
  out.idle_timeout = config.limits.imap_timeout;
  out.errors_max = config.limits.errors_max;
  out.progress_interval = config.imap.progress_interval;
  out.view_octets_max = config.imap.view_octets_max;
  out.text_octets_max = config.imap.text_octets_max;
  out.read_ahead_octets_max = config.imap.read_ahead_octets_max;
  return out;
}

route::RouteOptions route_options(const Config& config, const std::vector<io::Endpoint>& bound,
                                  io::Disk& disk) {
  route::RouteOptions out;
  out.own = bound;
  out.inner_networks = config.delivery.inner_networks;
  out.private_networks = config.delivery.private_networks;
  if (is_alone(config)) {
    for (const char* loopback : {"127.0.0.0/8", "::1"})
      out.inner_networks.push_back(*io::IpPrefix::parse(loopback));
  }
  out.hostname = config.server.hostname;
  out.smtp_port = static_cast<uint16_t>(config.delivery.remote_port);
  switch (config.delivery.ip) {
    case IpFamilies::both:
      out.order = route::AddressOrder::alternate;
      break;
    case IpFamilies::v4_only:
      out.order = route::AddressOrder::ipv4_only;
      break;
    case IpFamilies::v6_only:
      out.order = route::AddressOrder::ipv6_only;
      break;
  }
  for (const RouteConfig& route : config.routes) {
    route::Smarthost host;
    host.pattern = route.domain;
    host.host = route.host;
    host.port = static_cast<uint16_t>(route.port);
    host.username = route.user;
    if (!route.password_file.empty()) host.password = read_secret(disk, route.password_file);
    // A password only ever goes to a host that has proved its name.
    bool secret = !route.user.empty();
    switch (route.tls) {
      case TlsMode::none:
        host.tls = route::TlsDemand::none;
        break;
      case TlsMode::starttls:
        host.tls = secret ? route::TlsDemand::required : route::TlsDemand::opportunistic;
        break;
      case TlsMode::implicit:
        host.tls = route::TlsDemand::implicit;
        break;
    }
    out.smarthosts.push_back(std::move(host));
  }
  return out;
}

deliver::DelivererOptions deliverer_options(const Config& config) {
  deliver::DelivererOptions out;
  out.hostname = config.server.hostname;
  out.connections_max = or_unlimited(config.delivery.connections_max);
  out.per_destination_max = config.delivery.per_destination_max;
  out.per_destination_start =
      std::min<double>(config.delivery.per_destination_start, out.per_destination_max);
  out.servers_max = static_cast<size_t>(config.delivery.servers_max);
  out.claimed_max = static_cast<size_t>(config.queue.in_hand_max);
  out.claimed_per_destination = static_cast<size_t>(config.queue.in_hand_per_destination_max);
  out.claim_max = static_cast<size_t>(config.queue.claim_max);
  out.mails_per_connection = or_unlimited(config.delivery.mails_per_connection_max);
  out.idle = config.delivery.connection_idle;
  return out;
}

std::expected<os::RealWorldOptions, std::string> real_world_options(const Config& config) {
  os::RealWorldOptions out;
  out.log.format =
      config.log.format == LogFormat::json ? os::LogOptions::Format::json : os::LogOptions::Format::text;
  out.log.level = config.log.level;
  out.log.path = config.log.file;
  for (const std::string& server : config.dns.servers) {
    std::optional<io::Endpoint> endpoint = io::Endpoint::parse(server);
    if (std::optional<io::IpAddress> ip = io::IpAddress::parse(server)) endpoint = io::Endpoint{*ip, 53, {}};
    if (!endpoint)
      return std::unexpected("dns.servers: \"" + server + "\" is no address like 192.0.2.1 or 192.0.2.1:53");
    out.resolver.forwarders.push_back(*endpoint);
  }
  out.resolver.use_resolv_conf = config.dns.servers.empty();
  out.resolver.private_zones = config.dns.local_zones;
  out.resolver.validate = config.dns.dnssec;
  os::FileDisk disk;
  if (config.dns.dnssec && disk.exists(config.dns.trust_anchor_file))
    out.resolver.trust_anchor_file = config.dns.trust_anchor_file;
  out.blocking_threads = std::max<size_t>(8, 2 * std::thread::hardware_concurrency());
  return out;
}

}  // namespace pabal::app

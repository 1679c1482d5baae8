#include "agent/link.h"

#include <algorithm>
#include <netdb.h>
#include <netinet/in.h>

#include "base/bytes.h"
#include "console/console.h"
#include "tls/context.h"
#include "tls/stream.h"

namespace pabal::agent {

namespace {

constexpr Duration kConnectTimeout = std::chrono::seconds(20);
constexpr Duration kHandshakeTimeout = std::chrono::seconds(30);

// By the system's own resolver, so that /etc/hosts and the like count: the
// agent is a user's program, not a mail server that looks for MX. Blocks.
std::vector<io::IpAddress> look_up(const std::string& host) {
  if (auto ip = io::IpAddress::parse(host)) return {*ip};
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  int error = getaddrinfo(host.c_str(), nullptr, &wanted, &found);
  if (error != 0)
    throw CommandError("cannot find the server " + printable(host) + ": " + gai_strerror(error));
  std::vector<io::IpAddress> addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    std::string_view octets;
    if (one->ai_family == AF_INET) {
      const auto* in = reinterpret_cast<const sockaddr_in*>(one->ai_addr);
      octets = {reinterpret_cast<const char*>(&in->sin_addr), 4};
    } else if (one->ai_family == AF_INET6) {
      const auto* in = reinterpret_cast<const sockaddr_in6*>(one->ai_addr);
      octets = {reinterpret_cast<const char*>(&in->sin6_addr), 16};
    }
    if (auto ip = io::IpAddress::from_octets(octets)) addresses.push_back(*ip);
  }
  freeaddrinfo(found);
  return addresses;
}

rt::Task<std::unique_ptr<io::Stream>> connect_to(io::World& world, ServerAddress server) {
  std::vector<io::IpAddress> addresses = co_await rt::offload(world.blocking, look_up, server.host);
  std::string reason = "it has no address";
  for (const io::IpAddress& ip : addresses) {
    try {
      Instant deadline = rt::Loop::current().now() + kConnectTimeout;
      co_return co_await world.net.connect(io::Endpoint{ip, server.port, {}}, deadline);
    } catch (const io::IoError& e) {
      reason = e.what();
    }
  }
  throw CommandError("cannot reach " + server.to_string() + ": " + reason);
}

}  // namespace

std::string ServerAddress::to_string() const {
  bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::optional<ServerAddress> parse_server(std::string_view text, uint16_t default_port) {
  ServerAddress server{std::string(text), default_port};
  std::optional<std::string_view> port;
  if (text.starts_with('[')) {
    size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    server.host = text.substr(1, end - 1);
    std::string_view rest = text.substr(end + 1);
    if (!rest.empty() && rest.front() != ':') return std::nullopt;
    if (!rest.empty()) port = rest.substr(1);
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    server.host = text.substr(0, text.find(':'));
    port = text.substr(text.find(':') + 1);
  }
  if (port) {
    auto number = parse_uint(*port);
    if (!number || *number == 0 || *number > 65535) return std::nullopt;
    server.port = static_cast<uint16_t>(*number);
  }
  if (server.host.empty() || server.host.find_first_of(" /\t\r\n") != std::string::npos) return std::nullopt;
  return server;
}

TlsMode default_tls(uint16_t port) {
  if (port == 465 || port == 995) return TlsMode::implicit;
  return port == 25 ? TlsMode::none : TlsMode::starttls;
}

rt::Task<Link> dial(io::World& world, LinkOptions options) {
  std::unique_ptr<io::Stream> stream = co_await connect_to(world, options.server);
  if (options.tls == TlsMode::implicit) co_return co_await secure(std::move(stream), std::move(options));
  Link link;
  link.plain_allowed = options.insecure || stream->peer().ip.is_loopback();
  link.stream = std::move(stream);
  co_return link;
}

rt::Task<Link> secure(std::unique_ptr<io::Stream> plain, LinkOptions options) {
  tls::ClientContext context({.verify = !options.insecure, .ca_file = options.ca_file, .ca_pem = {}});
  Instant deadline = rt::Loop::current().now() + kHandshakeTimeout;
  std::string reason;
  try {
    std::unique_ptr<tls::TlsStream> stream =
        co_await tls::connect(std::move(plain), context, options.server.host, deadline);
    tls::TlsInfo info = stream->info();
    Link link{.plain_allowed = true, .encrypted = true, .tls_info = info.version + " " + info.cipher};
    link.bindings.tls_exporter = stream->channel_binding_exporter();
    link.bindings.tls_server_end_point = stream->channel_binding_server_end_point();
    link.stream = std::move(stream);
    co_return link;
  } catch (const io::IoError& e) {
    reason = e.what();
  }
  throw CommandError(
      "no TLS with " + options.server.to_string() + ": " + reason +
      (options.tls == TlsMode::implicit
           ? ". If it speaks in the clear at first, as on ports 110, 143 and 587, say --tls starttls."
           : ".") +
      " If the server has a certificate of your own making, name its authority with --ca FILE.");
}

Login begin_login(io::World& world, const std::vector<std::string>& offered,
                  proto::sasl::Credentials credentials, const proto::sasl::ChannelBindings& bindings,
                  bool plain_allowed, const std::string& server) {
  std::vector<std::string> usable;
  bool plus_offered = false;
  for (const std::string& name : offered) {
    auto mechanism = proto::sasl::parse_mechanism(name);
    if (!mechanism) continue;
    plus_offered |= *mechanism == proto::sasl::Mechanism::scram_sha_256_plus;
    bool sends_password =
        *mechanism == proto::sasl::Mechanism::plain || *mechanism == proto::sasl::Mechanism::login;
    if (plain_allowed || !sends_password) usable.push_back(name);
  }
  auto mechanism = proto::sasl::choose_mechanism(usable, bindings.available());
  if (!mechanism) {
    std::string list = printable(join(offered, " "));
    throw CommandError(server + " offers no way to log in that may be used here (" + list +
                       "). Passwords go over TLS only: --tls starttls or implicit; or --insecure.");
  }
  proto::sasl::ClientOptions options{.nonce = world.random.token(24),
                                     .bindings = bindings,
                                     .plus_not_offered = bindings.available() && !plus_offered};
  return {*mechanism, proto::sasl::ClientExchange(*mechanism, std::move(credentials), std::move(options))};
}

}  // namespace pabal::agent

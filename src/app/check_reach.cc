#include "app/check_reach.h"

#include <algorithm>
#include <cerrno>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"

namespace pabal::app {

namespace {

// Networks that no router of the Internet knows (RFC 1918, 3927, 4193, 4291, 6598).
bool is_private(const io::IpAddress& ip) {
  static const char* const networks[] = {"127.0.0.0/8",    "10.0.0.0/8",    "172.16.0.0/12",
                                         "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16",
                                         "::1/128",        "fc00::/7",      "fe80::/10"};
  for (const char* network : networks) {
    if (io::IpPrefix::parse(network)->contains(ip)) return true;
  }
  return false;
}

class Reach {
 public:
  explicit Reach(const Config& config) : config_(config) {}

  std::vector<Finding> run() {
    if (config_.listeners.empty())
      add(Finding::warning, "there is no [[listener]]: nobody can hand in mail or read it");
    for (const ListenerConfig& listener : config_.listeners) check_listener(listener);
    for (const io::IpPrefix& network : config_.relay.trusted_networks) check_trusted(network);
    const std::string& name = config_.server.hostname;
    if (name.find('.') == std::string::npos || iequals(name, "localhost.localdomain")) {
      add(Finding::warning,
          "server.hostname \"" + name + "\" is no name of the Internet: other servers refuse mail from it");
    }
    return std::move(found_);
  }

 private:
  void add(Finding::Severity severity, std::string text) { found_.push_back({severity, std::move(text)}); }

  void check_listener(const ListenerConfig& listener) {
    const io::Endpoint& at = listener.address;
    if (!at.path.empty()) return;
    std::string where = at.to_string();
    if (!is_here(at.ip)) {
      add(Finding::error, "the listener " + where + ": this machine does not have that address");
    }
    if (at.ip.is_loopback()) return;
    std::string who = is_private(at.ip) ? "everybody in that network" : "everybody on the way";
    bool login = listener.protocol == Protocol::submission || listener.protocol == Protocol::pop3 ||
                 listener.protocol == Protocol::imap;
    if (login && listener.plaintext_auth) {
      add(Finding::warning, "the listener " + where +
                                " takes passwords without TLS (plaintext_auth): " + who + " can read them");
    }
    if (listener.protocol == Protocol::lmtp) {
      add(Finding::warning, "the listener " + where +
                                " speaks LMTP, which asks nobody who he is: keep it on a loopback address "
                                "or a local socket");
    }
    if (listener.protocol == Protocol::metrics) {
      add(Finding::warning, "the listener " + where +
                                " shows the metrics to everybody who reaches it: keep it on a loopback "
                                "address");
    }
    if (listener.protocol == Protocol::smtp && listener.tls == TlsMode::none) {
      add(Finding::warning, "the listener " + where +
                                " offers no TLS: mail from other servers comes in the clear; tls = "
                                "\"starttls\"");
    }
  }

  // Binding a port of the system's choice disturbs nobody.
  static bool is_here(const io::IpAddress& ip) {
    int fd = socket(ip.v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return errno != EAFNOSUPPORT;
    sockaddr_in four{};
    sockaddr_in6 six{};
    int result;
    if (ip.v6) {
      six.sin6_family = AF_INET6;
      std::copy(ip.bytes.begin(), ip.bytes.end(), six.sin6_addr.s6_addr);
      int on = 1;
      setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
      result = bind(fd, reinterpret_cast<const sockaddr*>(&six), sizeof six);
    } else {
      four.sin_family = AF_INET;
      std::copy_n(ip.bytes.begin(), 4, reinterpret_cast<uint8_t*>(&four.sin_addr));
      result = bind(fd, reinterpret_cast<const sockaddr*>(&four), sizeof four);
    }
    int error = errno;
    close(fd);
    return result == 0 || error != EADDRNOTAVAIL;
  }

  void check_trusted(const io::IpPrefix& network) {
    std::string name = network.address.to_string() + '/' + std::to_string(network.bits);
    // fc00::/7 is the largest network that is anybody's own.
    bool own = is_private(network.address) && network.bits >= (network.address.v6 ? 7 : 8);
    if (own) return;
    // Nobody is given so much: who writes it means the whole world, or half of it.
    if (network.bits < (network.address.v6 ? 16 : 8)) {
      add(Finding::error, "relay.trusted_networks has " + name +
                              ": that is an open relay, through which anybody sends spam in your name; "
                              "name your own networks only");
    } else if (network.bits < (network.address.v6 ? 32 : 16)) {
      add(Finding::warning,
          "relay.trusted_networks has " + name + ": that is large; everyone there can send as anybody");
    }
  }

  const Config& config_;
  std::vector<Finding> found_;
};

}  // namespace

std::vector<Finding> check_reach(const Config& config) {
  return Reach(config).run();
}

}  // namespace pabal::app

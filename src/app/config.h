// Config: everything an operator can set, one struct per section of pabal.toml.
// Defaults are the member initialisers here, or in base/defaults.h where a station has
// them too; keys and their documentation stand in config_fields.cc, and parsing, error messages, key
// suggestions and the commented file that `pabal init` writes all come from those two.
//
// Times are written "5m", sizes "50MiB". Secrets never stand in the file itself:
// a key that ends in _file names where one lies. Relative paths start at the
// folder of the config file.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/defaults.h"
#include "base/log.h"
#include "base/time.h"
#include "io/endpoint.h"
#include "listen/listener.h"

namespace pabal::app {

using Protocol = listen::Service;  // as the key is called
using TlsMode = tls::Mode;
enum class LogFormat { text, json };
enum class IpFamilies { both, v4_only, v6_only };

struct ServerConfig {
  std::string hostname;
  std::string data_directory = "/var/lib/pabal";
  int loops = 0;  // 0: one per core
};

struct ListenerConfig {
  Protocol protocol = Protocol::smtp;
  io::Endpoint address;
  TlsMode tls = TlsMode::none;
  bool plaintext_auth = false;
};

struct TlsConfig {
  std::string certificate;
  std::string key;
};

struct LimitsConfig {
  uint64_t message_octets_max = defaults::message_octets_max;
  int recipients_max = defaults::recipients_max;
  int sessions_max = defaults::sessions_max;                // 0: no limit
  int sessions_per_ip_max = defaults::sessions_per_ip_max;  // 0: no limit
  uint64_t receiving_octets_max = defaults::receiving_octets_max;
  uint64_t command_octets_max = defaults::command_octets_max;
  int errors_max = defaults::errors_max;
  int auth_failures_max = defaults::auth_failures_max;
  int received_max = defaults::received_max;
  Duration command_timeout = defaults::command_timeout;
  Duration data_timeout = defaults::data_timeout;
  Duration pop3_timeout = defaults::pop3_timeout;
  Duration imap_timeout = defaults::imap_timeout;
  Duration drain_timeout = std::chrono::seconds(30);
};

struct RelayConfig {
  std::vector<io::IpPrefix> trusted_networks;
};

struct QueueConfig {
  std::vector<Duration> retry_delays = {std::chrono::minutes(5), std::chrono::minutes(15),
                                        std::chrono::minutes(30)};
  Duration lifetime = std::chrono::days(5);
  Duration delay_notice_after = std::chrono::hours(4);  // 0: never
  uint64_t returned_octets_max = 64 << 10;
  int in_hand_max = 5000;
  int in_hand_per_destination_max = 1000;
  int claim_max = 500;
  Duration look_again_after = std::chrono::seconds(1);  // 0: never
};

struct DeliveryConfig {
  int connections_max = 500;
  int per_destination_max = 20;
  int per_destination_start = 5;
  int servers_max = 10;
  Duration connection_idle = std::chrono::seconds(30);
  int mails_per_connection_max = 100;
  int remote_port = 25;
  IpFamilies ip = IpFamilies::both;
  std::vector<io::IpPrefix> inner_networks;
  bool private_networks = true;
};

struct RouteConfig {
  std::string domain;  // "*": every domain without a route of its own
  std::string host;
  int port = 25;
  TlsMode tls = TlsMode::starttls;
  std::string user;
  std::string password_file;
};

struct DnsConfig {
  std::vector<std::string> servers;  // "192.0.2.1" or "192.0.2.1:5353"; empty: as /etc/resolv.conf says
  bool dnssec = true;
  std::string trust_anchor_file = "/usr/share/dns/root.key";  // where Debian's dns-root-data puts it
  std::vector<std::string> local_zones;
};

struct LogConfig {
  LogFormat format = LogFormat::text;
  LogLevel level = LogLevel::info;
  std::string file;  // empty: standard error
};

struct ImapConfig {
  Duration progress_interval = defaults::imap_progress_interval;
  uint64_t view_octets_max = defaults::imap_view_octets_max;
  uint64_t text_octets_max = defaults::imap_text_octets_max;
  uint64_t read_ahead_octets_max = defaults::imap_read_ahead_octets_max;
};

struct StoreConfig {
  uint64_t inline_octets_max = 4096;
  uint64_t segment_octets = 64 << 20;
  int readers = 4;
  int batch_max = 512;
  uint64_t batch_octets_max = 16 << 20;
  uint64_t log_octets_max = 16 << 20;
  uint64_t cache_octets = 8 << 20;
  int open_segments_max = 64;
  uint64_t reserve_octets = 64 << 20;
  int directory_cache_max = 10'000;
  Duration journey_kept = std::chrono::days(90);
  uint64_t feed_rows_max = defaults::feed_rows_max;
};

struct Config {
  std::string file;  // where it was read from, as messages call it
  ServerConfig server;
  std::vector<ListenerConfig> listeners;
  TlsConfig tls;
  LimitsConfig limits;
  RelayConfig relay;
  QueueConfig queue;
  DeliveryConfig delivery;
  std::vector<RouteConfig> routes;
  DnsConfig dns;
  LogConfig log;
  ImapConfig imap;
  StoreConfig store;
};

// The error is one line: `pabal.toml:12: listener.tls is "sterttls"; expected
// one of none, starttls, implicit`. `file` is what messages call it, and where
// relative paths start.
std::expected<Config, std::string> parse_config(std::string_view text, const std::string& file);
std::expected<Config, std::string> load_config(const std::string& file);

// The whole file with every key documented; what is at its default is commented out.
std::string write_config(const Config& config);

// "5m" -> 300000 ms; "90s", "4h", "5d", "250ms". "50MiB" -> 52428800; "10KiB",
// "1GiB", "1000". The inverse of write_config's. nullopt when it is neither.
std::optional<Duration> parse_duration(std::string_view text);
std::optional<uint64_t> parse_size(std::string_view text);
std::string size_text(uint64_t octets);

}  // namespace pabal::app

#include "plan.h"

#include <algorithm>
#include <initializer_list>

#include "openssl_world.h"

namespace pabal::simulation {

namespace {

using Kind = Disturbance::Kind;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

template <class T>
T pick(sim::SimRandom& random, std::initializer_list<T> of) {
  return of.begin()[random.below(of.size())];
}

// Every limit may be so small that it is met.
app::Config server_config(sim::SimRandom& random, size_t server) {
  app::Config config;
  config.server.hostname = kHosts[server];
  config.server.data_directory = "/pabal";
  config.server.loops = 1;
  constexpr std::pair<app::Protocol, uint16_t> listeners[] = {{app::Protocol::smtp, kSmtpPort},
                                                              {app::Protocol::submission, kSubmissionPort},
                                                              {app::Protocol::lmtp, kLmtpPort},
                                                              {app::Protocol::pop3, kPop3Port},
                                                              {app::Protocol::imap, kImapPort}};
  bool offers_tls = random.chance(50);
  if (offers_tls) config.tls = {certificate_of(server).certificate_path, certificate_of(server).key_path};
  for (auto [protocol, port] : listeners) {
    app::TlsMode tls =
        offers_tls && protocol != app::Protocol::lmtp ? app::TlsMode::starttls : app::TlsMode::none;
    config.listeners.push_back({protocol, {*io::IpAddress::parse(kServerIps[server]), port, {}}, tls, true});
  }
  config.limits.message_octets_max = pick<uint64_t>(random, {12'000, 64'000, 50 << 20});
  config.limits.recipients_max = pick(random, {1, 2, 1000});
  config.limits.receiving_octets_max = pick<uint64_t>(random, {config.limits.message_octets_max, 1 << 30});
  config.limits.command_octets_max = pick<uint64_t>(random, {512, 2048});
  config.limits.sessions_max = pick(random, {3, 20'000, 20'000});
  config.limits.sessions_per_ip_max = pick(random, {2, 1000, 1000});
  config.limits.errors_max = pick(random, {2, 10});
  config.limits.auth_failures_max = pick(random, {1, 5});
  config.limits.received_max = pick(random, {3, 100});
  config.limits.command_timeout = pick<Duration>(random, {seconds(10), minutes(5)});
  config.limits.data_timeout = pick<Duration>(random, {seconds(10), minutes(10)});
  config.limits.pop3_timeout = pick<Duration>(random, {seconds(15), minutes(10)});
  config.limits.imap_timeout = pick<Duration>(random, {seconds(20), minutes(30)});
  config.imap.view_octets_max = pick<uint64_t>(random, {0, 64 << 20});
  config.imap.text_octets_max = pick<uint64_t>(random, {0, 2'000, 32 << 20});
  config.imap.read_ahead_octets_max = pick<uint64_t>(random, {0, 3'000, 8 << 20});
  config.imap.progress_interval = pick<Duration>(random, {milliseconds(1), seconds(10)});
  config.limits.drain_timeout = pick<Duration>(random, {seconds(1), seconds(30)});
  config.queue.retry_delays = pick<std::vector<Duration>>(
      random, {{minutes(1)}, {minutes(5), minutes(15), minutes(30)}, {seconds(10), minutes(10)}});
  config.queue.lifetime = pick<Duration>(random, {minutes(30), minutes(90), hours(5)});
  config.queue.delay_notice_after = pick<Duration>(random, {Duration(0), minutes(10), hours(2)});
  config.queue.returned_octets_max = pick<uint64_t>(random, {0, 500, 64 << 10});
  config.queue.in_hand_max = pick(random, {1, 3, 5000});
  config.queue.in_hand_per_destination_max = pick(random, {1, 2, 1000});
  config.queue.claim_max = pick(random, {1, 2, 500});
  // No other process changes the queue in this world, and each look costs time.
  config.queue.look_again_after = pick<Duration>(random, {Duration(0), seconds(30), minutes(5)});
  config.delivery.connections_max = pick(random, {1, 2, 500});
  config.delivery.per_destination_max = pick(random, {1, 2, 20});
  config.delivery.per_destination_start = pick(random, {1, 5});
  config.delivery.servers_max = pick(random, {1, 2, 10});
  config.delivery.connection_idle = pick<Duration>(random, {milliseconds(1), seconds(30)});
  config.delivery.mails_per_connection_max = pick(random, {1, 2, 100});
  config.store.inline_octets_max = pick<uint64_t>(random, {0, 500, 4096});
  config.store.segment_octets = pick<uint64_t>(random, {12 << 10, 64 << 10, 1 << 20});
  config.store.readers = pick(random, {1, 4});
  config.store.batch_max = pick(random, {1, 2, 512});
  config.store.batch_octets_max = pick<uint64_t>(random, {1, 10'000, 16 << 20});
  config.store.log_octets_max = pick<uint64_t>(random, {0, 64 << 10, 16 << 20});
  config.store.cache_octets = pick<uint64_t>(random, {1 << 10, 32 << 10, 8 << 20});
  config.store.open_segments_max = pick(random, {1, 64});
  config.store.directory_cache_max = pick(random, {0, 2, 10'000});
  config.store.feed_rows_max = pick<uint64_t>(random, {1, 30, 50'000});
  return config;
}

Disturbance draw(sim::SimRandom& random, Kind kind, Duration active) {
  Disturbance d{kind, Duration(0)};
  d.at = Duration(random.below(static_cast<uint64_t>(active.count())));
  d.lasts = Duration(random.up_to(pick<uint64_t>(random, {2'000, 60'000, 900'000})));
  d.server = random.below(kServers);
  switch (kind) {
    case Kind::crash_at:
    case Kind::io_error:
      d.amount = random.below(pick<uint64_t>(random, {10, 100, 1000}));
      break;
    case Kind::slow_disk:
      d.amount = random.up_to(3000);
      break;
    case Kind::lost_ack:
      d.amount = random.up_to(pick<uint64_t>(random, {500, 500, 3000}));
      break;
    case Kind::lost_data:
      d.amount = random.up_to(3000);
      break;
    case Kind::clock_jump:
      d.amount = random.below(24 * 3'600'000);
      break;
    default:
      d.amount = random.below(1'000'000);
  }
  return d;
}

// Some runs have no crashes and no broken connections: there, nothing at all
// may come twice.
std::vector<Kind> kinds(sim::SimRandom& random) {
  std::vector<Kind> calm = {Kind::slow_disk, Kind::slow_network, Kind::dns_failure,
                            Kind::peer_mood, Kind::peer_mood,    Kind::bit_rot};
  std::vector<Kind> all = {Kind::power_loss, Kind::power_loss, Kind::kill,       Kind::crash_at,
                           Kind::crash_at,   Kind::crash_at,   Kind::io_error,   Kind::io_error,
                           Kind::lost_ack,   Kind::lost_ack,   Kind::lost_ack,   Kind::lost_ack,
                           Kind::lost_data,  Kind::reset_all,  Kind::partition,  Kind::sync_failures,
                           Kind::disk_full,  Kind::disk_full,  Kind::black_hole, Kind::clock_jump};
  all.insert(all.end(), calm.begin(), calm.end());
  if (random.chance(20)) return calm;
  if (random.chance(50)) return all;
  // Or only a few kinds, but these often.
  std::vector<Kind> few;
  for (uint64_t n = random.up_to(4); n > 0; --n) few.push_back(all[random.below(all.size())]);
  return few;
}

}  // namespace

bool Disturbance::loses_replies() const {
  switch (kind) {
    case Kind::slow_disk:
    case Kind::slow_network:
    case Kind::dns_failure:
    case Kind::bit_rot:
    case Kind::clock_jump:
    case Kind::peer_mood:
      return false;
    default:
      return true;
  }
}

std::string to_text(const Disturbance& d) {
  std::string on = std::string(" on ") + kHosts[d.server];
  std::string lasts = " for " + std::to_string(d.lasts.count() / 1000) + " s";
  std::string n = std::to_string(d.amount);
  switch (d.kind) {
    case Kind::power_loss:
      return "power is lost" + on + lasts;
    case Kind::kill:
      return "the process is killed" + on + lasts;
    case Kind::crash_at:
      return "power is lost" + on + lasts + ", in " + n + " operations";
    case Kind::io_error:
      return "an operation fails, in " + n + " operations";
    case Kind::sync_failures:
      return (d.amount % 2 == 0 ? "every sync fails" : "syncs fail now and then") + on + lasts;
    case Kind::disk_full:
      return "the disk is full" + on + lasts;
    case Kind::slow_disk:
      return "the disk is slow" + on + lasts + ", up to " + n + " ms";
    case Kind::reset_all:
      return "all connections break" + on;
    case Kind::lost_ack:
      return "the next connection breaks behind octet " + n + " of the replies" + on;
    case Kind::lost_data:
      return "the next connection breaks behind octet " + n + " of the commands" + on;
    case Kind::partition:
      return "the servers do not reach each other" + lasts;
    case Kind::black_hole:
      return "port 25 gives no answer" + on + lasts;
    case Kind::slow_network:
      return "the network is slow" + lasts;
    case Kind::dns_failure:
      return "DNS fails" + on + lasts;
    case Kind::bit_rot:
      return "a bit of a stored mail turns over" + on;
    case Kind::clock_jump:
      return "the clock jumps by " +
             std::to_string((static_cast<int64_t>(d.amount) - 12 * 3'600'000) / 1000) + " s";
    case Kind::peer_mood:
      return "the servers of jeju.test change their mood" + lasts;
  }
  return "";
}

Plan make_plan(uint64_t seed) {
  sim::SimRandom random(seed);
  random.next();
  Plan plan;
  plan.seed = seed;
  for (size_t i = 0; i < kServers; ++i) plan.servers[i] = server_config(random, i);
  plan.writers = random.up_to(6);
  plan.letters_each = random.up_to(8);
  plan.active = minutes(pick<int64_t>(random, {1, 5, 40}));
  std::vector<Kind> of = kinds(random);
  for (uint64_t n = random.below(pick<uint64_t>(random, {4, 10, 20})); n > 0; --n) {
    plan.disturbances.push_back(draw(random, of[random.below(of.size())], plan.active));
  }
  for (size_t& programs : plan.imap_programs) programs = random.below(4);
  plan.imap_takes_turns = random.chance(75);
  std::ranges::sort(plan.disturbances, {}, &Disturbance::at);
  return plan;
}

}  // namespace pabal::simulation

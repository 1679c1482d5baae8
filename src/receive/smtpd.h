// Smtpd: station 1. Listens, and runs one Session per connection. One Smtpd per
// event loop; sessions never change loops.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "directory/directory.h"
#include "intake/intake.h"
#include "io/acceptor.h"
#include "io/world.h"
#include "journey/refusals.h"

namespace pabal::tls {
class ServerContext;
}

namespace pabal::receive {

enum class Service {
  relay,       // port 25: mail from other servers for our users
  submission,  // 587, 465, 2525: mail from our users (RFC 6409)
  lmtp,        // RFC 2033: mail from a local MTA for our users
};
enum class TlsMode { none, starttls, implicit };

struct ListenerOptions {
  Service service = Service::relay;
  TlsMode tls = TlsMode::none;
  bool plaintext_auth = false;  // AUTH may be used without TLS
};

struct SmtpdOptions {
  std::string hostname;
  uint64_t message_octets_max = 50 << 20;
  // All messages that are being received at this moment, in this loop.
  uint64_t receiving_octets_max = uint64_t{1} << 30;
  uint64_t recipients_max = 1000;
  uint64_t command_octets_max = 2048;  // one line; at most proto::smtp::kCommandLineMax
  int auth_failures_max = 5;           // in one session
  int errors_max = 20;                 // 5xx replies in one session
  int received_max = 100;              // Received fields: more is a loop (RFC 5321 §6.3)
  size_t sessions_max = 20'000;
  size_t sessions_per_peer_max = 200;
  Duration command_timeout = std::chrono::minutes(5);  // RFC 5321 §4.5.3.2.7
  Duration data_timeout = std::chrono::minutes(5);     // between two pieces of a message
  Duration write_timeout = std::chrono::minutes(5);
  Duration auth_failure_delay = std::chrono::seconds(2);
  std::vector<io::IpPrefix> trusted_networks;  // may relay without AUTH
  std::string fake_salt_key;                   // 32 octets, see proto::sasl::ServerOptions
  journey::Refusals* refusals = nullptr;       // where they are noted; outlives the server
};

// Totals for the metrics; shared by the Smtpds of all loops.
struct SmtpdCounters {
  std::atomic<uint64_t> sessions{0}, open_sessions{0}, tls_sessions{0}, messages{0}, octets{0};
  std::atomic<uint64_t> refused_messages{0}, refused_recipients{0}, auth_failures{0};
  Histogram acceptance;  // from the end of a message to its 250
};

class Session;

class Smtpd {
 public:
  // tls may be nullptr: then STARTTLS is not offered.
  Smtpd(io::World& world, directory::Directory& directory, intake::Intake& intake, tls::ServerContext* tls,
        SmtpdOptions options, SmtpdCounters& counters);
  ~Smtpd();

  // Accepts until stop(). The listener is made here, on the loop of the caller.
  rt::Task<void> listen(io::Endpoint at, ListenerOptions options, io::ListenOptions socket);
  // The same over a listener that exists already.
  rt::Task<void> serve(std::unique_ptr<io::Listener> listener, ListenerOptions options);

  // No new sessions; those that wait for a command say 421, the others finish theirs.
  void stop();
  // Ends when all sessions have ended; at the deadline the rest is cut off. False then.
  rt::Task<bool> join(Instant deadline);

 private:
  friend class Session;
  rt::Task<void> run_session(std::unique_ptr<io::Stream> stream, ListenerOptions listener);

  io::World& world_;
  directory::Directory& directory_;
  intake::Intake& intake_;
  tls::ServerContext* tls_;
  const SmtpdOptions options_;
  SmtpdCounters& counters_;
  bool stopping_ = false;
  bool cut_off_ = false;
  uint64_t receiving_octets_ = 0;
  std::set<Session*> sessions_;
  std::map<io::IpAddress, size_t> sessions_of_peer_;
  io::Acceptor acceptor_;
};

}  // namespace pabal::receive

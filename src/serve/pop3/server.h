// POP3 (RFC 1939, RFC 2449, RFC 2595, RFC 5034, RFC 6856). Listens, and runs
// one Session per connection. One Pop3Server per event loop; the store, the
// directory and the maildrop locks are shared by all of them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_set>

#include "directory/directory.h"
#include "io/acceptor.h"
#include "io/world.h"
#include "journey/refusals.h"
#include "serve/pop3/maildrop_locks.h"
#include "store/store.h"

namespace pabal::tls {
class ServerContext;
}

namespace pabal::serve::pop3 {

enum class TlsMode { none, starttls, implicit };  // starttls: STLS

struct ListenerOptions {
  TlsMode tls = TlsMode::none;
  bool plaintext_auth = false;  // logging in without TLS
};

struct Pop3Options {
  std::string hostname;
  std::string fake_salt_key;                              // 32 octets, see proto::sasl::ServerOptions
  Duration idle_timeout = std::chrono::minutes(10);       // at least that, RFC 1939 §3
  Duration auth_failure_delay = std::chrono::seconds(1);  // and up to as much again by chance
  int auth_failures_max = 3;                              // then the session ends
  int errors_max = 20;
  size_t sessions_max = 10'000;
  journey::Refusals* refusals = nullptr;  // where they are noted; outlives the server
};

// Totals for the metrics; shared by the servers of all loops.
struct Pop3Counters {
  std::atomic<uint64_t> sessions{0}, open_sessions{0}, tls_sessions{0}, logins{0}, auth_failures{0};
  std::atomic<uint64_t> messages{0}, octets{0}, deleted{0};
};

class Session;

// What every session of a server needs.
struct Service {
  io::World& world;
  store::Store& store;
  directory::Directory& directory;
  MaildropLocks& locks;
  tls::ServerContext* tls;
  const Pop3Options options;
  Pop3Counters& counters;
  size_t open_sessions = 0;
  bool stopping = false;  // sessions that wait for a command end
  bool cut_off = false;   // also those that wait for a slow client
};

class Pop3Server {
 public:
  // tls may be nullptr: then STLS is not offered.
  Pop3Server(io::World& world, store::Store& store, directory::Directory& directory, MaildropLocks& locks,
             tls::ServerContext* tls, Pop3Options options, Pop3Counters& counters);
  ~Pop3Server();

  // Accepts until stop(). The listener is made here, on the loop of the caller.
  rt::Task<void> listen(io::Endpoint at, ListenerOptions options, io::ListenOptions socket);
  // The same over a listener that exists already.
  rt::Task<void> serve(std::unique_ptr<io::Listener> listener, ListenerOptions options);

  // No new sessions; those that wait for a command say so and end, the others
  // finish theirs. Nothing is deleted but by QUIT.
  void stop();
  // Ends when all sessions have ended; at the deadline the rest is cut off. False then.
  rt::Task<bool> join(Instant deadline);

 private:
  rt::Task<void> run_session(std::unique_ptr<io::Stream> stream, ListenerOptions listener);

  Service service_;
  io::Acceptor acceptor_;
  std::unordered_set<Session*> sessions_;
};

}  // namespace pabal::serve::pop3

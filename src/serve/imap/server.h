// IMAP4rev1 and IMAP4rev2 (RFC 3501, RFC 9051) with their extensions. Listens,
// and runs one Session per connection. One ImapServer per event loop, with the
// views of the mailboxes that its sessions have open.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_set>

#include "base/histogram.h"
#include "directory/directory.h"
#include "io/acceptor.h"
#include "io/world.h"
#include "journey/refusals.h"
#include "serve/imap/first_told.h"
#include "serve/imap/recent.h"
#include "serve/imap/trees.h"
#include "serve/imap/views.h"
#include "serve/indexer.h"
#include "store/store.h"

namespace pabal::tls {
class ServerContext;
}

namespace pabal::serve::imap {

enum class TlsMode { none, starttls, implicit };

struct ListenerOptions {
  TlsMode tls = TlsMode::none;
  bool plaintext_auth = false;  // logging in without TLS
};

struct ImapOptions {
  std::string hostname;
  std::string fake_salt_key;                              // 32 octets, see proto::sasl::ServerOptions
  uint64_t message_octets_max = 50 << 20;                 // APPENDLIMIT (RFC 7889)
  Duration login_timeout = std::chrono::minutes(3);       // to log in
  Duration idle_timeout = std::chrono::minutes(30);       // at least that, RFC 9051 §5.4
  Duration write_timeout = std::chrono::minutes(5);       // for a client that does not read
  Duration auth_failure_delay = std::chrono::seconds(1);  // doubled with each failure
  int auth_failures_max = 5;                              // then the session ends
  int errors_max = 20;                                    // BAD in a row
  Duration progress_interval = std::chrono::seconds(10);  // between two INPROGRESS (RFC 9585)
  size_t sessions_max = 20'000;
  size_t view_octets_max = 64 << 20;       // for mailboxes that no session has open any more
  size_t text_octets_max = 32 << 20;       // for envelopes and structures that were fetched lately
  size_t read_ahead_octets_max = 8 << 20;  // for messages that are expected to be fetched next
  journey::Refusals* refusals = nullptr;   // where they are noted; outlives the server
};

// Totals for the metrics; shared by the servers of all loops.
struct ImapCounters {
  std::atomic<uint64_t> sessions{0}, open_sessions{0}, tls_sessions{0}, logins{0}, auth_failures{0};
  std::atomic<uint64_t> commands{0}, octets_sent{0}, appended{0}, fetched{0};
  Histogram command_durations;
};

class Session;

// What every session of a server needs.
struct Service {
  io::World& world;
  store::Store& store;
  directory::Directory& directory;
  Indexer& indexer;
  tls::ServerContext* tls;
  const ImapOptions options;
  ImapCounters& counters;
  FirstTold& first_told;
  Trees trees;
  Views views;
  Recent<store::SummaryTexts> texts;
  Recent<store::MessageBytes> read_ahead;
  size_t open_sessions = 0;
  bool stopping = false;  // sessions that wait for a command end
  // Also those that wait for a slow client, and what they wait for.
  const StopWord cut_off = std::make_shared<std::atomic<bool>>(false);
};

class ImapServer {
 public:
  // tls may be nullptr: then STARTTLS is not offered. On the loop that it serves.
  ImapServer(io::World& world, store::Store& store, directory::Directory& directory, Indexer& indexer,
             SharedSnapshots& snapshots, FirstTold& first_told, tls::ServerContext* tls, ImapOptions options,
             ImapCounters& counters);
  ~ImapServer();

  // Accepts until stop().
  rt::Task<void> serve(std::unique_ptr<io::Listener> listener, ListenerOptions options);

  // No new sessions; those that wait for a command or idle say BYE and end.
  void stop();
  // Ends when all sessions have ended; at the deadline the rest is cut off. False then.
  rt::Task<bool> join(Instant deadline);

 private:
  rt::Task<void> run_session(std::unique_ptr<io::Stream> stream, ListenerOptions listener);

  Service service_;
  io::Acceptor acceptor_;
  std::unordered_set<Session*> sessions_;
};

}  // namespace pabal::serve::imap

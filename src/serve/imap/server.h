// IMAP4rev1 and IMAP4rev2 (RFC 3501, RFC 9051) with their extensions. Each server has
// the views of the mailboxes that its sessions have open.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/histogram.h"
#include "directory/gate.h"
#include "io/world.h"
#include "listen/protocol.h"
#include "reading/context.h"
#include "serve/imap/first_told.h"
#include "store/store.h"

namespace pabal::serve::imap {

struct ImapOptions {
  std::string hostname;
  uint64_t message_octets_max = defaults::message_octets_max;  // APPENDLIMIT (RFC 7889)
  Duration login_timeout = std::chrono::minutes(3);            // to log in
  Duration idle_timeout = defaults::imap_timeout;
  Duration write_timeout = std::chrono::minutes(5);               // for a client that does not read
  int errors_max = defaults::errors_max;                          // BAD in a row
  Duration progress_interval = defaults::imap_progress_interval;  // between two INPROGRESS (RFC 9585)
  size_t view_octets_max = defaults::imap_view_octets_max;  // for mailboxes that no session has open any more
  size_t text_octets_max = defaults::imap_text_octets_max;  // for envelopes and structures fetched lately
  size_t read_ahead_octets_max = defaults::imap_read_ahead_octets_max;  // for messages expected to be fetched
};

// Totals for the metrics; shared by the servers of all loops.
struct ImapCounters : listen::Counters {
  std::atomic<uint64_t> commands{0}, octets_sent{0}, appended{0}, fetched{0};
  Histogram command_durations;
};

class ImapServer;

// What every session of a server needs.
struct Service {
  io::World& world;
  store::Store& store;
  directory::Directory& directory;
  directory::Gate& gate;
  const ImapOptions options;
  ImapCounters& counters;
  ImapServer& server;
  FirstTold& first_told;
  reading::Context reading;
};

class ImapServer final : public listen::Protocol {
 public:
  // tls may be nullptr: then STARTTLS is not offered. On the loop that it serves.
  ImapServer(io::World& world, listen::Seats& seats, store::Store& store, directory::Directory& directory,
             directory::Gate& gate, reading::Indexer& indexer, reading::SharedSnapshots& snapshots,
             FirstTold& first_told, tls::ServerContext* tls, ImapOptions options, ImapCounters& counters);

  void metrics(MetricsText& text) const override;

 private:
  std::unique_ptr<listen::Session> open_session(std::unique_ptr<io::Stream> stream,
                                                listen::Visitor visitor) override;
  std::string refusal() const override;

  Service service_;
};

}  // namespace pabal::serve::imap

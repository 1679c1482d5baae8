// POP3 (RFC 1939, RFC 2449, RFC 2595, RFC 5034, RFC 6856). The store and the
// maildrop locks are shared by the servers of all loops.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "directory/gate.h"
#include "io/world.h"
#include "listen/protocol.h"
#include "serve/pop3/maildrop_locks.h"
#include "store/store.h"

namespace pabal::serve::pop3 {

struct Pop3Options {
  std::string hostname;
  Duration idle_timeout = defaults::pop3_timeout;
  int errors_max = defaults::errors_max;
};

// Totals for the metrics; shared by the servers of all loops.
struct Pop3Counters : listen::Counters {
  std::atomic<uint64_t> messages{0}, octets{0}, deleted{0};
};

class Pop3Server;

// What every session of a server needs.
struct Context {
  io::World& world;
  store::Store& store;
  directory::Directory& directory;
  directory::Gate& gate;
  MaildropLocks& locks;
  const Pop3Options options;
  Pop3Counters& counters;
  Pop3Server& server;
};

class Pop3Server final : public listen::Protocol {
 public:
  // tls may be nullptr: then STLS is not offered.
  Pop3Server(io::World& world, listen::Seats& seats, store::Store& store, directory::Directory& directory,
             directory::Gate& gate, MaildropLocks& locks, tls::ServerContext* tls, Pop3Options options,
             Pop3Counters& counters)
      : Protocol("pop3", world, seats, tls, counters),
        context_{world, store, directory, gate, locks, std::move(options), counters, *this} {}

  void metrics(MetricsText& text) const override;

 private:
  std::unique_ptr<listen::Session> open_session(std::unique_ptr<io::Stream> stream,
                                                listen::Visitor visitor) override;
  std::string refusal() const override;

  Context context_;
};

}  // namespace pabal::serve::pop3

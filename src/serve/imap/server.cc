#include "serve/imap/server.h"

#include "serve/imap/session.h"

namespace pabal::serve::imap {

namespace {
constexpr size_t kKnownMailboxesMax = 4'000;  // some 300 octets each
}  // namespace

ImapServer::ImapServer(io::World& world, listen::Seats& seats, store::Store& store,
                       directory::Directory& directory, directory::Gate& gate, reading::Indexer& indexer,
                       reading::SharedSnapshots& snapshots, FirstTold& first_told, tls::ServerContext* tls,
                       ImapOptions options, ImapCounters& counters)
    : Protocol("imap", world, seats, tls, counters),
      service_{
          .world = world,
          .store = store,
          .directory = directory,
          .gate = gate,
          .options = options,
          .counters = counters,
          .server = *this,
          .first_told = first_told,
          .reading = {.world = world,
                      .store = store,
                      .indexer = indexer,
                      .trees = reading::Trees(store),
                      .known = reading::KnownMailboxes(kKnownMailboxesMax),
                      .views = reading::Views(store, snapshots, service_.reading.trees,
                                              service_.reading.known, options.view_octets_max),
                      .texts = reading::MessageCache<store::SummaryTexts>(options.text_octets_max),
                      .read_ahead = reading::MessageCache<store::MessageBytes>(options.read_ahead_octets_max),
                      .cut_off = cut_off()}} {}

std::unique_ptr<listen::Session> ImapServer::open_session(std::unique_ptr<io::Stream> stream,
                                                          listen::Visitor visitor) {
  return std::make_unique<Session>(service_, std::move(stream), std::move(visitor));
}

std::string ImapServer::refusal() const {
  return "* BYE [UNAVAILABLE] too many sessions, try again later\r\n";
}

void ImapServer::metrics(MetricsText& text) const {
  const ImapCounters& imap = service_.counters;
  text.counter("pabal_imap_commands_total", "IMAP commands", imap.commands);
  text.counter("pabal_imap_sent_bytes_total", "Sent to IMAP clients", imap.octets_sent);
  text.counter("pabal_imap_appended_total", "Messages that IMAP clients put into mailboxes", imap.appended);
  text.histogram("pabal_imap_command_duration_seconds",
                 "From a complete IMAP command to its tagged response, IDLE left out",
                 imap.command_durations);
}

}  // namespace pabal::serve::imap

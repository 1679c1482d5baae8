#include "serve/imap/server.h"

#include "serve/imap/session.h"

namespace pabal::serve::imap {

ImapServer::ImapServer(io::World& world, store::Store& store, directory::Directory& directory,
                       Indexer& indexer, SharedSnapshots& snapshots, FirstTold& first_told,
                       tls::ServerContext* tls, ImapOptions options, ImapCounters& counters)
    : service_{.world = world,
               .store = store,
               .directory = directory,
               .indexer = indexer,
               .tls = tls,
               .options = options,
               .counters = counters,
               .first_told = first_told,
               .trees = Trees(store),
               .views = Views(store, snapshots, service_.trees, options.view_octets_max),
               .texts = Recent<store::SummaryTexts>(options.text_octets_max),
               .read_ahead = Recent<store::MessageBytes>(options.read_ahead_octets_max)},
      acceptor_(world, "imap") {}

ImapServer::~ImapServer() = default;

rt::Task<void> ImapServer::serve(std::unique_ptr<io::Listener> listener, ListenerOptions options) {
  verify(options.tls != TlsMode::implicit || service_.tls != nullptr, "a TLS port has a certificate");
  auto session = [this, options](std::unique_ptr<io::Stream> stream) {
    return run_session(std::move(stream), options);
  };
  co_await acceptor_.serve(std::move(listener), session);
}

rt::Task<void> ImapServer::run_session(std::unique_ptr<io::Stream> stream, ListenerOptions listener) {
  Session session(service_, std::move(stream), listener);
  sessions_.insert(&session);
  service_.open_sessions = sessions_.size();
  ++service_.counters.sessions;
  ++service_.counters.open_sessions;
  co_await session.run();
  --service_.counters.open_sessions;
  sessions_.erase(&session);
  service_.open_sessions = sessions_.size();
}

void ImapServer::stop() {
  service_.stopping = true;
  acceptor_.stop();
  for (Session* session : sessions_) session->wake();
}

rt::Task<bool> ImapServer::join(Instant deadline) {
  auto cut_off = [this] {
    *service_.cut_off = true;
    for (Session* session : sessions_) session->wake();
  };
  return acceptor_.join(deadline, cut_off);
}

}  // namespace pabal::serve::imap

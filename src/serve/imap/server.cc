#include "serve/imap/server.h"

#include "serve/imap/session.h"

namespace pabal::serve::imap {

namespace {
// After accept() failed, for want of descriptors as a rule.
constexpr Duration kAcceptPause = std::chrono::milliseconds(100);
}  // namespace

ImapServer::ImapServer(io::World& world, store::Store& store, directory::Directory& directory,
                       Indexer& indexer, tls::ServerContext* tls, ImapOptions options, ImapCounters& counters)
    : service_{.world = world,
               .store = store,
               .directory = directory,
               .indexer = indexer,
               .tls = tls,
               .options = options,
               .counters = counters,
               .views = Views(store, options.view_octets_max),
               .texts = Recent<store::SummaryTexts>(options.text_octets_max),
               .read_ahead = Recent<store::MessageBytes>(options.read_ahead_octets_max)} {}

ImapServer::~ImapServer() = default;

rt::Task<void> ImapServer::serve(std::unique_ptr<io::Listener> listener, ListenerOptions options) {
  verify(options.tls != TlsMode::implicit || service_.tls != nullptr, "a TLS port has a certificate");
  listeners_.insert(listener.get());
  while (!service_.stopping) {
    std::unique_ptr<io::Stream> stream;
    bool failed = false;
    try {
      stream = listener->try_accept();
    } catch (const io::IoError& e) {
      service_.world.log.warning("imap.accept_failed", {{"reason", e.what()}});
      failed = true;
    }
    if (failed) {
      co_await rt::sleep_for(kAcceptPause);
    } else if (stream == nullptr) {
      co_await listener->ready(io::Interest::read, Instant::never());
    } else {
      group_.spawn(run_session(std::move(stream), options));
    }
  }
  listeners_.erase(listener.get());
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
  for (io::Listener* listener : listeners_) listener->wake();
  for (Session* session : sessions_) session->wake();
}

rt::Task<bool> ImapServer::join(Instant deadline) {
  bool ended = co_await group_.join_until(deadline);
  if (!ended) {
    service_.cut_off = true;
    for (Session* session : sessions_) session->wake();
    co_await group_.join();
  }
  co_return ended;
}

}  // namespace pabal::serve::imap

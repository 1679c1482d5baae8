#include "serve/pop3/server.h"

#include "serve/pop3/session.h"

namespace pabal::serve::pop3 {

Pop3Server::Pop3Server(io::World& world, store::Store& store, directory::Directory& directory,
                       MaildropLocks& locks, tls::ServerContext* tls, Pop3Options options,
                       Pop3Counters& counters)
    : service_{world, store, directory, locks, tls, std::move(options), counters}, acceptor_(world, "pop3") {}

Pop3Server::~Pop3Server() = default;

rt::Task<void> Pop3Server::listen(io::Endpoint at, ListenerOptions options, io::ListenOptions socket) {
  std::unique_ptr<io::Listener> listener = service_.world.net.listen(at, socket);
  co_await serve(std::move(listener), options);
}

rt::Task<void> Pop3Server::serve(std::unique_ptr<io::Listener> listener, ListenerOptions options) {
  verify(options.tls != TlsMode::implicit || service_.tls != nullptr, "a TLS port has a certificate");
  auto session = [this, options](std::unique_ptr<io::Stream> stream) {
    return run_session(std::move(stream), options);
  };
  co_await acceptor_.serve(std::move(listener), session);
}

rt::Task<void> Pop3Server::run_session(std::unique_ptr<io::Stream> stream, ListenerOptions listener) {
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

void Pop3Server::stop() {
  service_.stopping = true;
  acceptor_.stop();
  for (Session* session : sessions_) session->wake();
}

rt::Task<bool> Pop3Server::join(Instant deadline) {
  auto cut_off = [this] {
    service_.cut_off = true;
    for (Session* session : sessions_) session->wake();
  };
  return acceptor_.join(deadline, cut_off);
}

}  // namespace pabal::serve::pop3

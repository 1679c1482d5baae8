#include "receive/smtpd.h"

#include "base/bytes.h"
#include "proto/smtp/replies.h"
#include "receive/session.h"

namespace pabal::receive {

Smtpd::Smtpd(io::World& world, directory::Directory& directory, intake::Intake& intake,
             tls::ServerContext* tls, SmtpdOptions options, SmtpdCounters& counters)
    : world_(world),
      directory_(directory),
      intake_(intake),
      tls_(tls),
      options_(std::move(options)),
      counters_(counters) {}

Smtpd::~Smtpd() = default;

rt::Task<void> Smtpd::listen(io::Endpoint at, ListenerOptions options, io::ListenOptions socket) {
  std::unique_ptr<io::Listener> listener = world_.net.listen(at, socket);
  co_await serve(std::move(listener), options);
}

rt::Task<void> Smtpd::serve(std::unique_ptr<io::Listener> listener, ListenerOptions options) {
  listeners_.insert(listener.get());
  while (!stopping_) {
    bool exhausted = false;
    try {
      if (std::unique_ptr<io::Stream> stream = listener->try_accept()) {
        group_.spawn(run_session(std::move(stream), options));
        continue;
      }
    } catch (const io::IoError& e) {
      // Out of descriptors most likely: sessions that end give some back.
      world_.log.warning("smtp.accept_failed", {{"reason", e.what()}});
      exhausted = true;
    }
    Instant deadline =
        exhausted ? rt::Loop::current().now() + std::chrono::milliseconds(100) : Instant::never();
    if (exhausted) {
      co_await rt::sleep_until(deadline);
    } else {
      co_await listener->ready(io::Interest::read, deadline);
    }
  }
  listeners_.erase(listener.get());
}

rt::Task<void> Smtpd::run_session(std::unique_ptr<io::Stream> stream, ListenerOptions listener) {
  io::IpAddress peer = stream->peer().ip;
  bool local_socket = !stream->peer().path.empty();
  ++counters_.sessions;
  size_t& from_peer = sessions_of_peer_[peer];
  bool too_many = sessions_.size() >= options_.sessions_max ||
                  (!local_socket && from_peer >= options_.sessions_per_peer_max);
  ++from_peer;
  ++counters_.open_sessions;
  try {
    if (too_many && listener.tls != TlsMode::implicit) {
      std::string wire = to_wire(smtp::replies::too_many_connections(options_.hostname));
      co_await io::write_all(*stream, wire, rt::Loop::current().now() + std::chrono::seconds(5));
      stream->finish();
    } else if (!too_many) {
      Session session(*this, std::move(stream), listener);
      co_await session.run();
    }
  } catch (const io::IoError& e) {
    world_.log.debug("smtp.connection_lost", {{"peer", peer.to_string()}, {"reason", e.what()}});
  }
  --counters_.open_sessions;
  auto entry = sessions_of_peer_.find(peer);
  if (--entry->second == 0) sessions_of_peer_.erase(entry);
}

void Smtpd::stop() {
  stopping_ = true;
  for (io::Listener* listener : listeners_) listener->wake();
  for (Session* session : sessions_) session->wake();
}

rt::Task<bool> Smtpd::join(Instant deadline) {
  bool ended = co_await group_.join_until(deadline);
  if (!ended) {
    cut_off_ = true;
    for (Session* session : sessions_) session->wake();
    co_await group_.join();
  }
  co_return ended;
}

}  // namespace pabal::receive

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
      counters_(counters),
      acceptor_(world, "smtp") {}

Smtpd::~Smtpd() = default;

rt::Task<void> Smtpd::listen(io::Endpoint at, ListenerOptions options, io::ListenOptions socket) {
  std::unique_ptr<io::Listener> listener = world_.net.listen(at, socket);
  co_await serve(std::move(listener), options);
}

rt::Task<void> Smtpd::serve(std::unique_ptr<io::Listener> listener, ListenerOptions options) {
  auto session = [this, options](std::unique_ptr<io::Stream> stream) {
    return run_session(std::move(stream), options);
  };
  co_await acceptor_.serve(std::move(listener), session);
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
  if (too_many) world_.log.info("smtp.session_refused", {{"peer", peer.to_string()}, {"open", from_peer}});
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
  } catch (const std::exception& e) {
    // The session ends, and no other.
    world_.log.error("smtp.session_failed", {{"peer", peer.to_string()}, {"reason", e.what()}});
  }
  --counters_.open_sessions;
  auto entry = sessions_of_peer_.find(peer);
  if (--entry->second == 0) sessions_of_peer_.erase(entry);
}

void Smtpd::stop() {
  stopping_ = true;
  acceptor_.stop();
  for (Session* session : sessions_) session->wake();
}

rt::Task<bool> Smtpd::join(Instant deadline) {
  auto cut_off = [this] {
    cut_off_ = true;
    for (Session* session : sessions_) session->wake();
  };
  return acceptor_.join(deadline, cut_off);
}

}  // namespace pabal::receive

#include "listen/protocol.h"

#include "base/verify.h"
#include "io/error.h"
#include "tls/stream.h"

namespace pabal::listen {

namespace {

// After accept() failed, for want of descriptors as a rule: sessions that end
// give some back.
constexpr Duration kPause = std::chrono::milliseconds(100);
// Whoever is turned away holds a descriptor too until he was told why: so many at a
// time, for so long. The others are closed without a word.
constexpr size_t kTurningAwayMax = 64;
constexpr Duration kTurningAwayTimeout = std::chrono::seconds(5);

}  // namespace

std::string Visitor::peer_ip() const {
  return peer.path.empty() ? peer.ip.to_string() : "local";
}

rt::Task<void> Protocol::serve(std::unique_ptr<io::Listener> listener, ListenerOptions options) {
  verify(options.tls != tls::Mode::implicit || tls_ != nullptr, "a TLS port has a certificate");
  listeners_.insert(listener.get());
  while (!stopping_) {
    bool accepted = false, failed = false;
    try {
      std::unique_ptr<io::Stream> stream = listener->try_accept();
      accepted = stream != nullptr;
      if (accepted) group_.spawn(receive(std::move(stream), options));
    } catch (const std::exception& e) {  // no descriptors, no memory
      world_.log.warning(name_ + ".accept_failed", {{"reason", e.what()}});
      failed = true;
    }
    if (failed) {
      co_await rt::sleep_for(kPause);
    } else if (!accepted) {
      co_await listener->ready(io::Interest::read, Instant::never());
    }
  }
  listeners_.erase(listener.get());
}

void Protocol::stop() {
  stopping_ = true;
  for (io::Listener* listener : listeners_) listener->wake();
  for (Session* session : sessions_) session->wake();
}

rt::Task<bool> Protocol::join(Instant deadline) {
  bool ended = co_await group_.join_until(deadline);
  if (ended) co_return true;
  *cut_off_ = true;
  for (Session* session : sessions_) session->wake();
  co_await group_.join();
  co_return false;
}

// The session ends, and no other.
rt::Task<void> Protocol::receive(std::unique_ptr<io::Stream> stream, ListenerOptions listener) {
  const Visitor visitor{
      .protocol = name_, .peer = stream->peer(), .listener = listener, .counters = &counters_};
  ++counters_.sessions;
  try {
    std::expected<Seats::Seat, Seats::Full> seat = seats_.take(visitor.peer);
    if (seat) {
      co_await converse(std::move(stream), visitor);
    } else {
      ++counters_.refused_sessions;
      world_.log.info(
          name_ + ".session_refused",
          {{"peer", visitor.peer_ip()}, {"open", seat.error().open}, {"of_host", seat.error().of_host}});
      co_await turn_away(std::move(stream), visitor);
    }
  } catch (const io::IoError& e) {
    world_.log.debug(name_ + ".connection_lost", {{"peer", visitor.peer_ip()}, {"reason", e.what()}});
  } catch (const std::exception& e) {
    world_.log.error(name_ + ".session_failed", {{"peer", visitor.peer_ip()}, {"reason", e.what()}});
  }
}

rt::Task<void> Protocol::converse(std::unique_ptr<io::Stream> stream, Visitor visitor) {
  std::unique_ptr<Session> session = open_session(std::move(stream), std::move(visitor));
  struct Present {
    Protocol& protocol;
    Session* session;
    ~Present() {
      protocol.sessions_.erase(session);
      --protocol.counters_.open_sessions;
    }
  } present{*this, session.get()};
  sessions_.insert(session.get());
  ++counters_.open_sessions;
  co_await session->run();
}

rt::Task<void> Protocol::turn_away(std::unique_ptr<io::Stream> stream, Visitor visitor) {
  if (turning_away_ >= kTurningAwayMax) co_return;
  struct Counted {
    size_t& count;
    explicit Counted(size_t& c) : count(c) { ++count; }
    ~Counted() { --count; }
  } counted(turning_away_);
  Instant deadline = rt::Loop::current().now() + kTurningAwayTimeout;
  io::Connection connection(std::move(stream));
  if (visitor.listener.tls == tls::Mode::implicit) co_await secure(connection, visitor, deadline);
  connection.out() = refusal();
  co_await connection.flush(deadline);
  connection.finish();
}

rt::Task<void> Protocol::secure(io::Connection& connection, Visitor& visitor, Instant deadline) {
  std::unique_ptr<tls::TlsStream> stream;
  try {
    rt::Task<std::unique_ptr<tls::TlsStream>> handshake = tls::accept(connection.release(), *tls_, deadline);
    stream = co_await handshake;
  } catch (const io::IoError& e) {
    world_.log.info(name_ + ".tls_failed", {{"peer", visitor.peer_ip()}, {"reason", e.what()}});
    throw;
  }
  visitor.secured = {.cipher = stream->info().version + " " + stream->info().cipher,
                     .bindings = {.tls_exporter = stream->channel_binding_exporter(),
                                  .tls_server_end_point = stream->channel_binding_server_end_point()}};
  connection.attach(std::move(stream));
  ++counters_.tls_sessions;
}

}  // namespace pabal::listen

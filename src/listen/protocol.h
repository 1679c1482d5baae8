// Protocol: what is spoken at our listeners. A table of them is what a loop serves.
// What they have in common stands here: accepting, limits, the handshake, counting,
// shutdown. What a session says is its own. One Protocol per event loop; sessions
// never change loops.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/metrics_text.h"
#include "io/connection.h"
#include "io/world.h"
#include "listen/listener.h"
#include "listen/seats.h"
#include "proto/sasl/mechanism.h"
#include "rt/task_group.h"

namespace pabal::tls {
class ServerContext;
}

namespace pabal::listen {

constexpr Duration kHandshakeTimeout = std::chrono::minutes(1);

// Totals for the metrics; shared by a protocol's servers of all loops.
struct Counters {
  std::atomic<uint64_t> sessions{0}, refused_sessions{0}, open_sessions{0}, tls_sessions{0};
  std::atomic<uint64_t> logins{0}, auth_failures{0};
};

// How a connection is encrypted.
struct Secured {
  std::string cipher;  // "TLSv1.3 TLS_AES_256_GCM_SHA384"; "" in the clear
  proto::sasl::ChannelBindings bindings;

  explicit operator bool() const { return !cipher.empty(); }
};

// Who is at the other end of a session, as far as all protocols want to know.
struct Visitor {
  std::string_view protocol;  // its name; the server's own
  io::Endpoint peer;
  ListenerOptions listener;
  Counters* counters = nullptr;  // of the protocol
  Secured secured;
  int login_failures = 0;  // since he came, or last logged in

  std::string peer_ip() const;  // "local" at a local socket
};

// One connection of one client.
class Session {
 public:
  virtual ~Session() = default;
  // Greeting to end. Throws IoError when the connection breaks.
  virtual rt::Task<void> run() = 0;
  // Look at the protocol's stopping() and cut_off().
  virtual void wake() = 0;
};

class Protocol {
 public:
  virtual ~Protocol() = default;

  // "imap": in the log and in the metrics.
  std::string_view name() const { return name_; }

  // Accepts until stop(). On the loop that the listener belongs to.
  rt::Task<void> serve(std::unique_ptr<io::Listener> listener, ListenerOptions options);

  // No new sessions; those that wait for a command say so and end, the others finish theirs.
  void stop();
  // Ends when all sessions have ended; at the deadline the rest is cut off. False then.
  rt::Task<bool> join(Instant deadline);

  const Counters& counters() const { return counters_; }
  // What it counts beside that; of all loops.
  virtual void metrics(MetricsText&) const {}

  bool stopping() const { return stopping_; }
  // Also those that wait for a slow client end, and the work that they wait for.
  const std::shared_ptr<std::atomic<bool>>& cut_off() const { return cut_off_; }

  // Whether STARTTLS is there for him.
  bool offers_starttls(const Visitor& visitor) const {
    return tls_ != nullptr && visitor.listener.tls == tls::Mode::starttls && !visitor.secured;
  }
  // STARTTLS, or the first thing on a TLS port. The connection has no stream meanwhile.
  // Throws IoError when there is no agreement by the deadline.
  rt::Task<void> secure(io::Connection& connection, Visitor& visitor, Instant deadline);

 protected:
  // tls may be nullptr: then STARTTLS is not offered.
  Protocol(std::string name, io::World& world, Seats& seats, tls::ServerContext* tls, Counters& counters)
      : name_(std::move(name)), world_(world), seats_(seats), tls_(tls), counters_(counters) {}

  virtual std::unique_ptr<Session> open_session(std::unique_ptr<io::Stream> stream, Visitor visitor) = 0;
  // What is said to somebody for whom there is no seat, instead of a greeting.
  virtual std::string refusal() const = 0;

 private:
  rt::Task<void> receive(std::unique_ptr<io::Stream> stream, ListenerOptions listener);
  rt::Task<void> converse(std::unique_ptr<io::Stream> stream, Visitor visitor);
  rt::Task<void> turn_away(std::unique_ptr<io::Stream> stream, Visitor visitor);

  const std::string name_;
  io::World& world_;
  Seats& seats_;
  tls::ServerContext* tls_;
  Counters& counters_;
  bool stopping_ = false;
  const std::shared_ptr<std::atomic<bool>> cut_off_ = std::make_shared<std::atomic<bool>>(false);
  size_t turning_away_ = 0;
  std::unordered_set<io::Listener*> listeners_;
  std::unordered_set<Session*> sessions_;
  rt::TaskGroup group_;
};

}  // namespace pabal::listen

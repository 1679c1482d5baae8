// SimConnection: one TCP connection between two simulated hosts, its two
// directions and what is under way in them. Side 0 connected, side 1 accepted.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "io/stream.h"
#include "sim/network.h"

namespace pabal::sim {

class SimStream;

// One direction: written at one end, read at the other.
struct SimPipe {
  enum class Kind { data, fin, reset };
  struct Segment {
    Instant due;
    Kind kind;
    std::string bytes;
  };
  std::deque<Segment> flying;
  size_t flying_octets = 0;
  std::string arrived;
  size_t arrived_at = 0;  // of these, already read
  Instant last_due;
  uint64_t sent = 0;           // octets ever written
  bool finished = false;       // the writer wrote its end
  bool writer_broken = false;  // the writer has learnt of a reset
  bool fin = false;            // the reader may see: the end
  bool reader_broken = false;  // the reader may see: a reset, after what arrived

  size_t unread() const { return arrived.size() - arrived_at; }
};

struct SimConnection : std::enable_shared_from_this<SimConnection> {
  SimConnection(SimNetwork& n, std::array<const SimNet*, 2> h, std::array<io::Endpoint, 2> e);
  ~SimConnection();

  SimPipe& from(int side) { return pipes[static_cast<size_t>(side)]; }
  SimPipe& toward(int side) { return pipes[static_cast<size_t>(1 - side)]; }

  void send(int side, SimPipe::Kind kind, std::string_view bytes);
  void deliver(int side);
  // `side` loses the connection now; the other learns of it when the reset
  // arrives, behind what was under way or (lose_flying) instead of it.
  void break_off(int side, bool lose_flying);
  void closed(int side);  // that end's stream is gone
  void signal(int side);
  size_t room(int side);

  SimNetwork& network;
  uint64_t id;
  std::array<const SimNet*, 2> hosts;  // only to compare
  std::array<io::Endpoint, 2> ends;
  std::array<SimStream*, 2> streams{};
  std::array<SimPipe, 2> pipes;
  std::optional<ResetRule> rule;
};

class SimStream : public io::Stream {
 public:
  SimStream(std::shared_ptr<SimConnection> connection, int side);
  ~SimStream() override;

  io::TryResult try_read(std::span<char> into) override;
  io::TryResult try_write(std::string_view bytes) override;
  void finish() override;
  io::Endpoint local() const override { return connection_->ends[static_cast<size_t>(side_)]; }
  io::Endpoint peer() const override { return connection_->ends[static_cast<size_t>(1 - side_)]; }

  void look();  // signals if what is waited for is there

 protected:
  void arm(io::Interest interest) override;
  void disarm() override { armed_.reset(); }

 private:
  bool is_ready(io::Interest interest) const;
  std::string route() const;
  void obey_rule(size_t octets);

  std::shared_ptr<SimConnection> connection_;
  int side_;
  std::optional<io::Interest> armed_;
};

}  // namespace pabal::sim

// SimNetwork: the wires between simulated hosts. Bytes take time, arrive in
// order and in pieces, and can be lost together with their connection. The
// hosts' views (SimNet) are in net.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "io/endpoint.h"
#include "sim/clock.h"
#include "sim/faults.h"
#include "sim/random.h"

namespace pabal::sim {

class SimNet;
struct SimConnection;

struct NetConditions {
  // One way, drawn anew for each piece; order is kept.
  std::chrono::microseconds latency_min{100};
  std::chrono::microseconds latency_max{2000};
  // Chance that a read or write takes only a part, of a length drawn by seed.
  unsigned partial_percent = 25;
  // Octets under way or unread before try_write says would_block.
  size_t window_octets = 64 * 1024;
};

enum class Side { connecting, accepting };

// A connection that breaks at a chosen octet.
struct ResetRule {
  io::Endpoint to;                 // the next connection to here
  Side sender = Side::connecting;  // whose octets are counted
  uint64_t octets = 0;             // breaks when so many were sent
  // true: the octets arrive, but the sender never hears of it (the lost
  // acknowledgement that makes duplicates). false: the last write is lost.
  bool after_delivery = false;
};

class SimNetwork {
 public:
  SimNetwork(SimPoller& poller, FaultPlan& faults, Fingerprint& fingerprint, uint64_t seed)
      : poller_(poller), faults_(faults), fingerprint_(fingerprint), random_(seed) {}
  SimNetwork(const SimNetwork&) = delete;
  SimNetwork& operator=(const SimNetwork&) = delete;

  NetConditions& conditions() { return conditions_; }

  // Connecting to `at` gets no answer until it is lifted.
  void black_hole(const io::Endpoint& at, bool on = true);
  // Nothing passes between the two addresses; what is under way waits for heal().
  void partition(const io::IpAddress& a, const io::IpAddress& b);
  void heal();
  void reset_next(ResetRule rule) { rules_.push_back(std::move(rule)); }
  // Breaks every connection of that address now.
  void reset_all(const io::IpAddress& ip);

  // Connections of which at least one end is open or bytes are under way.
  size_t connections() const { return connections_.size(); }

 private:
  friend class SimNet;
  friend class SimStream;
  friend class SimListener;
  friend struct SimConnection;

  SimNet* host_of(const io::IpAddress& ip) const;
  bool blocked(const io::IpAddress& a, const io::IpAddress& b) const;
  bool swallows(const io::Endpoint& at) const;
  std::chrono::microseconds latency();
  size_t portion(size_t octets);  // all, or by chance a part
  std::optional<ResetRule> take_rule(const io::Endpoint& to);

  SimPoller& poller_;
  FaultPlan& faults_;
  Fingerprint& fingerprint_;
  SimRandom random_;
  NetConditions conditions_;
  std::map<io::IpAddress, SimNet*> hosts_;
  std::map<uint64_t, SimConnection*> connections_;
  uint64_t next_connection_ = 0;
  std::vector<io::Endpoint> black_holes_;
  std::set<std::pair<io::IpAddress, io::IpAddress>> partitions_;
  std::vector<ResetRule> rules_;
};

}  // namespace pabal::sim

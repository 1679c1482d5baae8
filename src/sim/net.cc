#include "sim/net.h"

#include <algorithm>
#include <cerrno>

#include "sim/connection.h"

namespace pabal::sim {

namespace {
constexpr auto kSynRetry = std::chrono::seconds(1);

bool is_any(const io::IpAddress& ip) {
  return std::ranges::all_of(ip.bytes, [](uint8_t b) { return b == 0; });
}
}  // namespace

void SimNetwork::black_hole(const io::Endpoint& at, bool on) {
  std::erase(black_holes_, at);
  if (on) black_holes_.push_back(at);
}

void SimNetwork::partition(const io::IpAddress& a, const io::IpAddress& b) {
  partitions_.emplace(std::min(a, b), std::max(a, b));
}

void SimNetwork::heal() {
  partitions_.clear();
  for (auto& [id, connection] : connections_) {
    for (int side : {0, 1}) {
      if (connection->from(side).flying.empty()) continue;
      poller_.at(poller_.now(), [c = connection->shared_from_this(), side] { c->deliver(side); });
    }
  }
}

void SimNetwork::reset_all(const io::IpAddress& ip) {
  for (auto& [id, connection] : connections_) {
    for (int side : {0, 1}) {
      if (connection->ends[static_cast<size_t>(side)].ip == ip) {
        connection->break_off(side, random_.chance(50));
      }
    }
  }
}

SimNet* SimNetwork::host_of(const io::IpAddress& ip) const {
  auto found = hosts_.find(ip);
  return found == hosts_.end() ? nullptr : found->second;
}

bool SimNetwork::blocked(const io::IpAddress& a, const io::IpAddress& b) const {
  return partitions_.contains({std::min(a, b), std::max(a, b)});
}

bool SimNetwork::swallows(const io::Endpoint& at) const {
  return std::ranges::find(black_holes_, at) != black_holes_.end();
}

std::chrono::microseconds SimNetwork::latency() {
  auto spread = static_cast<uint64_t>((conditions_.latency_max - conditions_.latency_min).count());
  return conditions_.latency_min + std::chrono::microseconds(random_.below(spread + 1));
}

size_t SimNetwork::portion(size_t octets) {
  return random_.chance(conditions_.partial_percent) ? random_.up_to(octets) : octets;
}

std::optional<ResetRule> SimNetwork::take_rule(const io::Endpoint& to) {
  auto found = std::ranges::find_if(rules_, [&](const ResetRule& rule) { return rule.to == to; });
  if (found == rules_.end()) return std::nullopt;
  ResetRule rule = *found;
  rules_.erase(found);
  return rule;
}

SimNet::SimNet(SimNetwork& network, std::string host, std::vector<io::IpAddress> ips)
    : network_(network), host_(std::move(host)), ips_(std::move(ips)) {
  for (const io::IpAddress& ip : ips_) {
    verify(network_.hosts_.emplace(ip, this).second, "an address belongs to one host");
  }
}

SimNet::~SimNet() {
  for (const io::IpAddress& ip : ips_) network_.hosts_.erase(ip);
}

void SimNet::fail(io::IoFault fault, const std::string& what, const char* why) const {
  throw io::IoError(fault, what + ": " + why);
}

bool SimNet::owns(const io::Endpoint& at) const {
  return !at.path.empty() || at.ip.is_loopback() || is_any(at.ip) ||
         std::ranges::find(ips_, at.ip) != ips_.end();
}

uint16_t SimNet::free_port() {
  last_port_ = last_port_ == 65535 ? 49152 : static_cast<uint16_t>(last_port_ + 1);
  return last_port_;
}

std::unique_ptr<io::Listener> SimNet::listen(const io::Endpoint& at, io::ListenOptions options) {
  std::string what = "listen " + at.to_string();
  if (network_.faults_.operation("net.listen", host_ + ' ' + at.to_string()) || !on_) {
    throw io::IoError::from_errno(ENOBUFS, what);
  }
  if (!owns(at)) throw io::IoError::from_errno(EADDRNOTAVAIL, what);
  io::Endpoint bound = at;
  if (bound.path.empty() && bound.port == 0) bound.port = free_port();
  for (const SimListener* other : listeners_) {
    if (other->local() == bound && !(options.reuse_port && other->options().reuse_port)) {
      throw io::IoError::from_errno(EADDRINUSE, what);
    }
  }
  return std::make_unique<SimListener>(*this, bound, options);
}

SimListener* SimNet::listener_at(const io::Endpoint& at) {
  // In turns, as the kernel spreads connections over SO_REUSEPORT sockets.
  for (size_t i = 0; i < listeners_.size(); ++i) {
    SimListener* listener = listeners_[(turn_ + i) % listeners_.size()];
    if (!listener->serves(at) || listener->full()) continue;
    turn_ = (turn_ + i + 1) % listeners_.size();
    return listener;
  }
  return nullptr;
}

std::optional<io::Endpoint> SimNet::source_for(const io::Endpoint& to) {
  io::Endpoint from;
  if (!to.path.empty()) {
    from.path = to.path;
    return from;
  }
  from.port = free_port();
  if (to.ip.is_loopback()) {
    from.ip = to.ip;
    return from;
  }
  for (const io::IpAddress& ip : ips_) {
    if (ip.v6 != to.ip.v6) continue;
    from.ip = ip;
    return from;
  }
  return std::nullopt;
}

// The way of a SYN: repeated until it gets through or time is up.
rt::Task<void> SimNet::reach(io::Endpoint from, io::Endpoint to, Instant deadline) {
  while (network_.swallows(to) || network_.blocked(from.ip, to.ip)) {
    Instant again = network_.poller_.now() + kSynRetry;
    co_await rt::sleep_until(std::min(again, deadline));
    if (network_.poller_.now() >= deadline) {
      fail(io::IoFault::timeout, "connect " + to.to_string(), "no answer within the time limit");
    }
  }
}

rt::Task<std::unique_ptr<io::Stream>> SimNet::connect(io::Endpoint to, Instant deadline) {
  std::string what = "connect " + to.to_string();
  if (network_.faults_.operation("net.connect", host_ + ' ' + to.to_string())) {
    fail(io::IoFault::refused, what, "connection refused");
  }
  std::optional<io::Endpoint> from = source_for(to);
  if (!from || !on_) fail(io::IoFault::unreachable, what, "network is unreachable");
  co_await reach(*from, to, deadline);

  Instant there = network_.poller_.now() + network_.latency();
  Instant back = there + network_.latency();
  if (back > deadline) {
    co_await rt::sleep_until(deadline);
    fail(io::IoFault::timeout, what, "no answer within the time limit");
  }
  co_await rt::sleep_until(there);
  bool here = !to.path.empty() || to.ip.is_loopback();
  SimNet* target = here ? this : network_.host_of(to.ip);
  SimListener* listener = target == nullptr || !target->on_ ? nullptr : target->listener_at(to);
  std::unique_ptr<io::Stream> ours;
  if (listener != nullptr) {
    auto connection = std::make_shared<SimConnection>(network_, std::array<const SimNet*, 2>{this, target},
                                                      std::array<io::Endpoint, 2>{*from, to});
    ours = std::make_unique<SimStream>(connection, 0);
    listener->push(std::make_unique<SimStream>(connection, 1));
  }
  co_await rt::sleep_until(back);
  if (target == nullptr || !on_) fail(io::IoFault::unreachable, what, "no route to host");
  if (!ours) fail(io::IoFault::refused, what, "connection refused");
  co_return ours;
}

void SimNet::power(bool on) {
  on_ = on;
  if (on) return;
  for (SimListener* listener : std::vector(listeners_)) listener->end();
  for (auto& [id, connection] : network_.connections_) {
    for (int side : {0, 1}) {
      if (connection->hosts[static_cast<size_t>(side)] != this) continue;
      connection->break_off(side, network_.random_.chance(50));
    }
  }
}

SimListener::SimListener(SimNet& net, io::Endpoint at, io::ListenOptions options)
    : net_(net), at_(std::move(at)), options_(options) {
  net_.listeners_.push_back(this);
}

SimListener::~SimListener() {
  std::erase(net_.listeners_, this);
}

bool SimListener::serves(const io::Endpoint& to) const {
  if (!at_.path.empty() || !to.path.empty()) return at_.path == to.path;
  if (at_.port != to.port) return false;
  return at_.ip == to.ip || (is_any(at_.ip) && (at_.ip.v6 || !to.ip.v6));
}

std::unique_ptr<io::Stream> SimListener::try_accept() {
  if (ended_) net_.fail(io::IoFault::other, "accept " + at_.to_string(), "the host has no power");
  if (waiting_.empty()) return nullptr;
  if (net_.network_.faults_.operation("net.accept", at_.to_string())) {
    throw io::IoError::from_errno(EMFILE, "accept " + at_.to_string());
  }
  std::unique_ptr<io::Stream> stream = std::move(waiting_.front());
  waiting_.pop_front();
  return stream;
}

void SimListener::push(std::unique_ptr<io::Stream> stream) {
  waiting_.push_back(std::move(stream));
  if (armed_) signal();
}

void SimListener::end() {
  ended_ = true;
  waiting_.clear();
  std::erase(net_.listeners_, this);
  if (armed_) signal();
}

void SimListener::arm(io::Interest) {
  armed_ = true;
  if (ended_ || !waiting_.empty()) signal();
}

}  // namespace pabal::sim

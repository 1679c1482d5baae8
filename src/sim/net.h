// SimNet: the network as one simulated host sees it. Its addresses are its own;
// 127.0.0.0/8, ::1 and local sockets lead to the host itself.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "io/net.h"
#include "sim/network.h"

namespace pabal::sim {

class SimListener;

class SimNet : public io::Net {
 public:
  SimNet(SimNetwork& network, std::string host, std::vector<io::IpAddress> ips);
  ~SimNet() override;

  std::unique_ptr<io::Listener> listen(const io::Endpoint& at, io::ListenOptions options) override;
  // Refused without a listener; a host that does not exist is unreachable.
  rt::Task<std::unique_ptr<io::Stream>> connect(io::Endpoint to, Instant deadline) override;

  std::vector<io::IpAddress> addresses() override { return ips_; }

  const std::vector<io::IpAddress>& ips() const { return ips_; }
  // Off: connections break, listeners end, and nothing can be begun until it is on again.
  void power(bool on);

 private:
  friend class SimListener;
  bool owns(const io::Endpoint& at) const;
  std::optional<io::Endpoint> source_for(const io::Endpoint& to);
  SimListener* listener_at(const io::Endpoint& at);
  uint16_t free_port();
  [[noreturn]] void fail(io::IoFault fault, const std::string& what, const char* why) const;
  rt::Task<void> reach(io::Endpoint from, io::Endpoint to, Instant deadline);

  SimNetwork& network_;
  std::string host_;
  std::vector<io::IpAddress> ips_;
  std::vector<SimListener*> listeners_;
  size_t turn_ = 0;  // among listeners that share a port
  uint16_t last_port_ = 49151;
  bool on_ = true;
};

class SimListener : public io::Listener {
 public:
  SimListener(SimNet& net, io::Endpoint at, io::ListenOptions options);
  ~SimListener() override;

  std::unique_ptr<io::Stream> try_accept() override;
  io::Endpoint local() const override { return at_; }

  const io::ListenOptions& options() const { return options_; }
  bool serves(const io::Endpoint& to) const;
  bool full() const { return waiting_.size() >= static_cast<size_t>(options_.backlog); }
  void push(std::unique_ptr<io::Stream> stream);
  void end();  // the host lost its power

 protected:
  void arm(io::Interest interest) override;
  void disarm() override { armed_ = false; }

 private:
  SimNet& net_;
  io::Endpoint at_;
  io::ListenOptions options_;
  std::deque<std::unique_ptr<io::Stream>> waiting_;
  bool armed_ = false;
  bool ended_ = false;
};

}  // namespace pabal::sim

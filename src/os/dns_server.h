// A small authoritative DNS server on a real socket (UDP and TCP), for the demo
// and for tests that need real DNS answers. It serves on a thread of its own.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>

#include "io/endpoint.h"
#include "proto/dns/zone.h"

namespace pabal::os {

class DnsServer {
 public:
  // Listens on a free port of `at.ip` when at.port is 0. Throws IoError.
  DnsServer(proto::dns::Zones zones, const io::Endpoint& at);
  ~DnsServer();
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  io::Endpoint endpoint() const { return endpoint_; }
  // While set, every question is answered by SERVFAIL.
  void set_broken(bool broken) { broken_ = broken; }
  uint64_t questions() const { return questions_; }

 private:
  void run();
  std::string respond(std::string_view query, bool over_udp);
  void serve_udp();
  void serve_tcp();

  proto::dns::Zones zones_;
  io::Endpoint endpoint_;
  int udp_ = -1, tcp_ = -1, stop_ = -1;
  std::atomic<bool> broken_{false};
  std::atomic<uint64_t> questions_{0};
  std::thread thread_;
};

}  // namespace pabal::os

// SimResolver answers from zones in memory, and can be told to fail.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "io/resolver.h"
#include "proto/dns/zone.h"
#include "sim/clock.h"
#include "sim/faults.h"

namespace pabal::sim {

enum class DnsFault {
  serv_fail,  // temporary, after the usual latency
  timeout,    // temporary, when the deadline has come
  bogus,      // temporary: DNSSEC validation failed
};

class SimResolver : public io::Resolver {
 public:
  SimResolver(SimPoller& poller, FaultPlan& faults, Fingerprint& fingerprint)
      : poller_(poller), faults_(faults), fingerprint_(fingerprint) {}

  // "seoul.test. 300 IN MX 10 mx.seoul.test."; its zone is the longest one made
  // with zone() above it, or else its last two labels. A malformed line is a bug
  // of the scenario.
  void add(std::string_view record);
  proto::dns::Zone& zone(std::string_view apex) { return zones_.zone(apex); }
  // Questions for that name, of any type, fail until it is lifted (nullopt).
  void fail(const std::string& name, std::optional<DnsFault> fault);
  // Answers from that name and below are `secure` (DNSSEC), as far as CNAMEs stay there.
  void sign(const std::string& zone) { signed_.push_back(zone); }
  void set_latency(std::chrono::microseconds latency) { latency_ = latency; }

  rt::Task<io::DnsAnswer> resolve(std::string name, io::RecordType type, Instant deadline) override;

 private:
  io::DnsAnswer answer(const std::string& name, io::RecordType type) const;
  bool is_signed(std::string_view name) const;

  SimPoller& poller_;
  FaultPlan& faults_;
  Fingerprint& fingerprint_;
  proto::dns::Zones zones_;
  std::map<std::string, DnsFault> failing_;
  std::vector<std::string> signed_;
  std::chrono::microseconds latency_{1000};
};

}  // namespace pabal::sim

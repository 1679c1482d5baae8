// UnboundResolver: DNS by libunbound, which recurses, caches and validates
// (RFC 4035) in a thread of its own. One resolver serves all loops; an answer
// comes back to the loop that asked.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "io/endpoint.h"
#include "io/resolver.h"

struct ub_ctx;

namespace pabal::os {

struct ResolverOptions {
  // Whom to ask; other ports than 53 are fine. Empty: recursion from the root
  // servers, or who /etc/resolv.conf names.
  std::vector<io::Endpoint> forwarders;
  bool use_resolv_conf = false;
  // Zones to ask about although they are reserved (RFC 6761): libunbound itself
  // answers "test", "10.in-addr.arpa" and their like with NXDOMAIN. They and
  // what is below are not expected to be signed.
  std::vector<std::string> private_zones;
  // DNSSEC: what the chain of trust starts from. Without any anchor nothing is
  // validated and every answer is `insecure`.
  std::vector<std::string> trust_anchors;  // DS or DNSKEY records as text
  std::string trust_anchor_file;           // kept current by RFC 5011
  bool validate = false;                   // whether an anchor was wanted
};

class UnboundResolver final : public io::Resolver {
 public:
  // Throws IoError when an option is not understood.
  explicit UnboundResolver(const ResolverOptions& options);
  // Nobody may be asking any more.
  ~UnboundResolver() override;

  rt::Task<io::DnsAnswer> resolve(std::string name, io::RecordType type, Instant deadline) override;

 private:
  void process();

  struct Delete {
    void operator()(ub_ctx* context) const;
  };
  std::unique_ptr<ub_ctx, Delete> context_;
  int stop_ = -1;
  std::thread thread_;  // waits for libunbound's descriptor and hands answers out
};

}  // namespace pabal::os

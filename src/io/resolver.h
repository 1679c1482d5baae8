// Resolver: DNS questions. The answer keeps what the journey of a mail shows:
// the return code, the final name behind CNAMEs, the security state.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "rt/task.h"

namespace pabal::io {

enum class RecordType : uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  ptr = 12,
  mx = 15,
  txt = 16,
  aaaa = 28,
  tlsa = 52
};

enum class Security { insecure, secure, bogus };

struct DnsAnswer {
  enum Status {
    ok,         // records has at least one
    no_data,    // the name exists, without records of this type
    nx_domain,  // the name does not exist
    temporary,  // SERVFAIL, timeout, bogus: ask again later
  } status = temporary;
  Security security = Security::insecure;
  std::string canonical_name;        // behind CNAMEs, without the final dot
  std::vector<std::string> records;  // raw rdata, names in it uncompressed
  uint32_t ttl_seconds = 0;
  std::string reason;  // for people, when temporary: "SERVFAIL", "timeout", "bogus: ..."
};

class Resolver {
 public:
  virtual ~Resolver() = default;
  // name: ASCII (A-labels). Never throws; what goes wrong is `temporary`.
  virtual rt::Task<DnsAnswer> resolve(std::string name, RecordType type, Instant deadline) = 0;
};

}  // namespace pabal::io

// The DNS records that a domain publishes so that its mail finds the way here
// and is believed elsewhere.
#pragma once

#include <string>
#include <vector>

#include "app/config.h"

namespace pabal::app {

struct DnsRecord {
  std::string name;   // with the final dot
  std::string type;   // "MX"
  std::string value;  // as a zone file has it
  std::string why;    // one sentence
};

// domain and hostname as A-labels, without final dot. What the listeners do not
// offer has a record that says so.
std::vector<DnsRecord> records_to_publish(const std::string& domain, const std::string& hostname,
                                          const std::vector<ListenerConfig>& listeners);

// As lines of a zone file with the reasons as comments.
std::string zone_text(const std::vector<DnsRecord>& records);

}  // namespace pabal::app

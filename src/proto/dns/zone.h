// An authoritative DNS server without sockets: query bytes in, response bytes
// out. For the demo, tests and the simulator.
#pragma once

#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/dns/message.h"

namespace pabal::proto::dns {

// One line: NAME [TTL] [IN] TYPE RDATA, names absolute with or without the
// final dot: `seoul.test. 300 IN MX 10 mx.seoul.test.`,
// `_dmarc.seoul.test TXT "v=DMARC1; p=none"`. TTL is 300 when it is missing.
// The error is one sentence for a person.
std::expected<Record, std::string> parse_record(std::string_view line);

class Zone {
 public:
  // With a SOA and an NS of its own; a SOA that is added replaces it.
  explicit Zone(std::string_view apex);

  const std::string& apex() const { return apex_; }

  // Refuses a record outside the zone, and a CNAME beside other data
  // (RFC 1034 §3.6.2).
  std::expected<void, std::string> add(const Record& record);
  std::expected<void, std::string> add(std::string_view line);
  // All records of that name and type; what was there is gone.
  void remove(std::string_view name, Type type);

  const std::vector<Record>* find(std::string_view name, Type type) const;
  // The name has records or is an empty non-terminal (RFC 4592 §2.2.2).
  bool exists(std::string_view name) const;
  std::vector<Record> records_of(std::string_view name) const;
  const Record& soa() const;

 private:
  std::string apex_;
  std::map<std::pair<std::string, Type>, std::vector<Record>> records_;
  std::map<std::string, size_t> names_;  // how many records at or below each
};

// Several zones that answer together: a CNAME from one into another is
// followed. NXDOMAIN and NODATA carry the zone's SOA (RFC 2308); a name in no
// zone is REFUSED. DNSSEC is not signed.
class Zones {
 public:
  // The zone of that apex, made when it is not there yet.
  Zone& zone(std::string_view apex);
  // Adds to the closest enclosing zone; an error if there is none.
  std::expected<void, std::string> add(std::string_view line);

  Message answer(const Message& query) const;
  // nullopt when the query is not worth an answer (no header, or itself a
  // response). over_udp: truncate at 512, or at the size EDNS0 allows, 1232
  // at most.
  std::optional<std::string> answer(std::string_view query, bool over_udp) const;

 private:
  const Zone* closest(std::string_view name) const;
  void resolve(const Question& question, Message& response) const;

  std::map<std::string, Zone, std::less<>> zones_;
};

}  // namespace pabal::proto::dns

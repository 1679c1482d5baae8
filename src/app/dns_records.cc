#include "app/dns_records.h"

#include <algorithm>

namespace pabal::app {

std::vector<DnsRecord> records_to_publish(const std::string& domain, const std::string& hostname) {
  const std::string zone = domain + '.', host = hostname + '.';
  return {
      {host, "A", "<IPv4 address of this machine>", "Where the host is; AAAA as well if it has IPv6."},
      {zone, "MX", "10 " + host, "Other servers bring the domain's mail to this host."},
      {zone, "TXT", "\"v=spf1 mx -all\"",
       "SPF: the domain's mail comes from its MX hosts and from nowhere else."},
      {"_dmarc." + zone, "TXT", "\"v=DMARC1; p=none; rua=mailto:postmaster@" + domain + "\"",
       "DMARC: others report who sends in the domain's name. Tighten to p=quarantine when the reports are "
       "clean."},
      {"_submissions._tcp." + zone, "SRV", "0 1 465 " + host, "Mail programs find where to send (RFC 8314)."},
      {"_submission._tcp." + zone, "SRV", "0 1 587 " + host,
       "The same, for those that start TLS later (RFC 6186)."},
      {"_pop3s._tcp." + zone, "SRV", "0 1 995 " + host, "Mail programs find where to read (RFC 6186)."},
  };
}

std::string zone_text(const std::vector<DnsRecord>& records) {
  size_t width = 0;
  for (const DnsRecord& r : records) width = std::max(width, r.name.size());
  std::string out;
  for (const DnsRecord& r : records) {
    std::string name = r.name, type = r.type;
    name.resize(width + 2, ' ');
    type.resize(5, ' ');
    out += "  ; " + r.why + "\n  " + name + type + r.value + '\n';
  }
  return out;
}

}  // namespace pabal::app

#include "app/dns_records.h"

#include <algorithm>

namespace pabal::app {

namespace {

struct Service {
  const char* name;
  Protocol protocol;
  TlsMode tls;
  const char* why;
};

// What mail programs look for (RFC 6186 §3, RFC 8314 §5.1), with what they are to
// prefer first.
constexpr Service kServices[] = {
    {"_submissions", Protocol::submission, TlsMode::implicit, "Mail programs find where to send (RFC 8314)."},
    {"_submission", Protocol::submission, TlsMode::starttls,
     "The same, for those that start TLS later (RFC 6186)."},
    {"_imaps", Protocol::imap, TlsMode::implicit, "Mail programs find where to read (RFC 6186)."},
    {"_imap", Protocol::imap, TlsMode::starttls, "The same, for those that start TLS later."},
    {"_pop3s", Protocol::pop3, TlsMode::implicit, "Where those read that know POP3 alone."},
    {"_pop3", Protocol::pop3, TlsMode::starttls, "The same, for those that start TLS later."},
};

// Of IMAP and POP3, IMAP is to be preferred: the lower number (RFC 6186 §3.4).
int priority(const Service& service) {
  return service.protocol == Protocol::pop3 ? 10 : 0;
}

DnsRecord service_record(const Service& service, const std::string& zone, const std::string& host,
                         const std::vector<ListenerConfig>& listeners) {
  std::string name = std::string(service.name) + "._tcp." + zone;
  for (const ListenerConfig& listener : listeners) {
    if (listener.protocol != service.protocol || listener.tls != service.tls) continue;
    if (!listener.address.path.empty()) continue;
    return {name, "SRV",
            std::to_string(priority(service)) + " 1 " + std::to_string(listener.address.port) + ' ' + host,
            service.why};
  }
  return {name, "SRV", "0 0 0 .", "This is not offered here, and nobody has to try (RFC 6186 §3.4)."};
}

}  // namespace

std::vector<DnsRecord> records_to_publish(const std::string& domain, const std::string& hostname,
                                          const std::vector<ListenerConfig>& listeners) {
  const std::string zone = domain + '.', host = hostname + '.';
  std::vector<DnsRecord> records = {
      {host, "A", "<IPv4 address of this machine>", "Where the host is; AAAA as well if it has IPv6."},
      {zone, "MX", "10 " + host, "Other servers bring the domain's mail to this host."},
      {zone, "TXT", "\"v=spf1 mx -all\"",
       "SPF: the domain's mail comes from its MX hosts and from nowhere else."},
      {"_dmarc." + zone, "TXT", "\"v=DMARC1; p=none; rua=mailto:postmaster@" + domain + "\"",
       "DMARC: others report who sends in the domain's name. Tighten to p=quarantine when the reports are "
       "clean."},
  };
  for (const Service& service : kServices) records.push_back(service_record(service, zone, host, listeners));
  return records;
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

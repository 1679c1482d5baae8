#include "app/dnssec.h"

#include "app/options.h"
#include "os/epoll.h"

namespace pabal::app {

namespace {

using os::Dnssec;

constexpr Duration kLookFor = std::chrono::seconds(3);

// It is there while answers are not validated.
std::string file_in(const std::string& data_directory) {
  return data_directory + "/dnssec-stripped";
}

rt::Task<void> look(os::ValidatingResolver& resolver, Dnssec& verdict) {
  verdict = co_await resolver.probe(rt::Loop::current().now() + kLookFor);
}

}  // namespace

const char* to_text(Dnssec verdict) {
  switch (verdict) {
    case Dnssec::off:
      return "off";
    case Dnssec::no_anchor:
      return "no-anchor";
    case Dnssec::unknown:
      return "unknown";
    case Dnssec::works:
      return "works";
    case Dnssec::stripped:
      return "stripped";
  }
  return "?";
}

std::optional<std::string> dnssec_trouble(Dnssec verdict) {
  if (verdict == Dnssec::unknown)
    return "The DNS resolver gives no answer now, so it is not known whether DNSSEC works.";
  if (verdict == Dnssec::no_anchor)
    return "DNSSEC is on, but dns.trust_anchor_file is not there, so answers of the DNS are not validated. "
           "The package dns-root-data has it (apt install dns-root-data); dns.dnssec = false says that it is "
           "meant.";
  if (verdict != Dnssec::stripped) return std::nullopt;
  return "DNSSEC cannot be checked here: the DNS resolver (dns.servers, or that of /etc/resolv.conf) takes "
         "the "
         "signatures out of its answers. They are used without validation. A resolver of your own mends it "
         "(apt install unbound, then dns.servers = [\"127.0.0.1\"]); dns.dnssec = false says that it is "
         "meant.";
}

Dnssec look_for_dnssec(const Config& config) {
  auto options = real_world_options(config);
  if (!options) return Dnssec::off;
  os::ValidatingResolver resolver(options->resolver);
  os::EpollPoller poller;
  rt::Loop loop(poller);
  Dnssec verdict = Dnssec::unknown;
  loop.run(look(resolver, verdict));
  return verdict;
}

void note_dnssec(Log& log, io::Disk& disk, const std::string& data_directory, Dnssec verdict) {
  auto trouble = dnssec_trouble(verdict);
  if (trouble) {
    log.warning("dns.dnssec", {{"state", to_text(verdict)}, {"reason", *trouble}});
  } else {
    log.info("dns.dnssec", {{"state", to_text(verdict)}});
  }
  const std::string file = file_in(data_directory);
  try {
    if (verdict == Dnssec::stripped) {
      disk.open(file, io::OpenMode::create);
    } else if (disk.exists(file)) {
      disk.remove(file);
    }
  } catch (const io::IoError& error) {
    log.warning("dns.dnssec_not_noted", {{"reason", error.what()}});
  }
}

std::optional<std::string> noted_dnssec_trouble(io::Disk& disk, const std::string& data_directory) {
  return disk.exists(file_in(data_directory)) ? dnssec_trouble(Dnssec::stripped) : std::nullopt;
}

}  // namespace pabal::app

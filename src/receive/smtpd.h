// Smtpd: station 1. SMTP, submission and LMTP.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "directory/gate.h"
#include "intake/intake.h"
#include "io/world.h"
#include "journey/refusals.h"
#include "listen/protocol.h"

namespace pabal::receive {

struct SmtpdOptions {
  std::string hostname;
  uint64_t message_octets_max = defaults::message_octets_max;
  // All messages that are being received at this moment, in this loop.
  uint64_t receiving_octets_max = defaults::receiving_octets_max;
  uint64_t recipients_max = defaults::recipients_max;
  uint64_t command_octets_max =
      defaults::command_octets_max;           // one line; at most proto::smtp::kCommandLineMax
  int errors_max = defaults::errors_max;      // 5xx replies in one session
  int received_max = defaults::received_max;  // Received fields: more is a loop (RFC 5321 §6.3)
  Duration command_timeout = defaults::command_timeout;
  Duration data_timeout = defaults::data_timeout;  // between two pieces of a message
  Duration write_timeout = std::chrono::minutes(5);
  std::vector<io::IpPrefix> trusted_networks;  // may relay without AUTH
  journey::Refusals* refusals = nullptr;       // where they are noted; outlives the server
};

// Totals for the metrics; shared by the Smtpds of all loops.
struct SmtpdCounters : listen::Counters {
  std::atomic<uint64_t> messages{0}, octets{0}, refused_messages{0}, refused_recipients{0};
  Histogram acceptance;  // from the end of a message to its 250
};

class Smtpd final : public listen::Protocol {
 public:
  // tls may be nullptr: then STARTTLS is not offered.
  Smtpd(io::World& world, listen::Seats& seats, directory::Directory& directory, directory::Gate& gate,
        intake::Intake& intake, tls::ServerContext* tls, SmtpdOptions options, SmtpdCounters& counters)
      : Protocol("smtp", world, seats, tls, counters),
        world_(world),
        directory_(directory),
        gate_(gate),
        intake_(intake),
        options_(std::move(options)),
        counters_(counters) {}

  void metrics(MetricsText& text) const override;

 private:
  friend class Session;
  std::unique_ptr<listen::Session> open_session(std::unique_ptr<io::Stream> stream,
                                                listen::Visitor visitor) override;
  std::string refusal() const override;

  io::World& world_;
  directory::Directory& directory_;
  directory::Gate& gate_;
  intake::Intake& intake_;
  const SmtpdOptions options_;
  SmtpdCounters& counters_;
  uint64_t receiving_octets_ = 0;
};

}  // namespace pabal::receive

// How mail is carried; part of the configuration.
#pragma once

#include <string>

#include "base/time.h"

namespace pabal::deliver {

// RFC 5321 §4.5.3.2. A connection that is not there within `connect` is tried
// at the next address instead.
struct Timeouts {
  Duration connect = std::chrono::seconds(30);
  Duration greeting = std::chrono::minutes(5);  // §4.5.3.2.1
  Duration hello = std::chrono::minutes(5);     // as for MAIL
  Duration tls_handshake = std::chrono::minutes(1);
  Duration mail = std::chrono::minutes(5);        // §4.5.3.2.2
  Duration rcpt = std::chrono::minutes(5);        // §4.5.3.2.3
  Duration data_start = std::chrono::minutes(2);  // §4.5.3.2.4
  Duration data_block = std::chrono::minutes(3);  // §4.5.3.2.5
  Duration data_end = std::chrono::minutes(10);   // §4.5.3.2.6
  Duration quit = std::chrono::seconds(5);
};

struct DelivererOptions {
  std::string hostname;  // in EHLO
  Timeouts timeouts;

  size_t connections_max = 500;
  size_t servers_max = 10;           // that one attempt tries; RFC 5321 §5.1 wants at least two
  double per_destination_start = 5;  // connections to one destination; grows and shrinks
  double per_destination_max = 20;
  size_t mails_per_connection = 100;
  Duration idle = std::chrono::seconds(30);  // a connection is kept for the next mail
  size_t recipients_per_mail = 100;          // RFC 5321 §4.5.3.1.8: every server takes as many

  // In hand at a time; the rest waits in the store.
  size_t claimed_max = 5000;
  size_t claimed_per_destination = 1000;
  size_t claim_max = 500;  // by one look
};

}  // namespace pabal::deliver

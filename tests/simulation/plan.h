// Plan: everything about one run that follows from its seed before it begins:
// how the servers are configured, who writes, what breaks and when.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/config.h"
#include "base/time.h"
#include "sim/random.h"

namespace pabal::simulation {

// The servers under test and their surroundings.
inline constexpr size_t kServers = 2;
inline constexpr const char* kDomains[kServers] = {"seoul.test", "busan.test"};
inline constexpr const char* kHosts[kServers] = {"mx.seoul.test", "mx.busan.test"};
inline constexpr const char* kServerIps[kServers] = {"192.0.2.1", "192.0.2.2"};
inline constexpr const char* kPeerIps[2] = {"192.0.2.3", "192.0.2.4"};  // MX 10 and 20 of jeju.test
inline constexpr uint16_t kSmtpPort = 25, kSubmissionPort = 587, kLmtpPort = 24, kPop3Port = 110,
                          kImapPort = 143;

struct Disturbance {
  enum class Kind {
    power_loss,     // `server` loses its power, `amount` ms later it is back
    kill,           // its process is killed, what it wrote stays in the page cache
    crash_at,       // as power_loss, in the middle of the `amount`-th operation from now
    io_error,       // the `amount`-th operation from now fails, whatever it is
    sync_failures,  // every sync of `server` fails for a while
    disk_full,
    slow_disk,   // blocking work takes up to `amount` ms
    reset_all,   // all its connections break
    lost_ack,    // the next connection to it breaks after `amount` octets of its replies
    lost_data,   // the next connection to it breaks after `amount` octets from the client
    partition,   // nothing passes between the two servers
    black_hole,  // nobody reaches its port 25
    slow_network,
    dns_failure,  // questions about its host and domain fail
    bit_rot,      // in a mail that lies in a segment
    clock_jump,   // by `amount` - 12 h in ms
    peer_mood,    // the other server becomes difficult in the `amount`-th way
  };
  Kind kind;
  Duration at;  // since the start of the run
  Duration lasts = Duration(0);
  size_t server = 0;
  uint64_t amount = 0;
  // Breaks connections or processes, so that a reply or a report of a commit may get lost.
  bool loses_replies() const;
};
std::string to_text(const Disturbance& disturbance);

struct Plan {
  uint64_t seed = 0;
  app::Config servers[kServers];
  std::vector<Disturbance> disturbances;  // by time
  size_t writers = 0;
  size_t letters_each = 0;
  // Of each of the two who read by IMAP, at the same time; 0: only at the end.
  size_t imap_programs[kServers] = {};
  // What they change, they change one after the other: then more can be said about it.
  bool imap_takes_turns = true;
  Duration active = Duration(0);  // how long letters are written and things break
};

Plan make_plan(uint64_t seed);

}  // namespace pabal::simulation

// How the servers of jeju.test behave: well at first and at the end, otherwise
// as the seed has it.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "deliver/peer.h"
#include "ledger.h"
#include "sim/random.h"

namespace pabal::simulation {

enum class Mood {
  kind,
  greylisting,      // 451 to everybody seen for the first time
  temporary,        // 4xx here and there
  permanent,        // 5xx here and there
  four_then_five,   // 451 first, then 550 for the same recipient
  hanging_up,       // closes here and there, also behind the final dot
  forgetful,        // takes the mail and breaks off before its reply
  tarpit,           // stops answering
  small,            // lies about SIZE: offers much, takes little
  broken_tls,       // offers STARTTLS and then speaks none
  bare_line_feeds,  // in its replies
  old,              // HELO only
};
inline constexpr uint64_t kMoods = 12;

class MoodyPeer {
 public:
  MoodyPeer(sim::SimWorld& sim, size_t number, Ledger& ledger);

  void set_mood(Mood mood);
  deliver::Peer& peer() { return peer_; }

 private:
  std::string answer(const std::string& line);
  std::string at_random(const std::string& line);
  void take(const deliver::PeerMail& mail);

  deliver::Peer peer_;
  Ledger& ledger_;
  sim::SimRandom random_;
  Mood mood_ = Mood::kind;
  std::set<std::string> seen_;
  bool forgets_ = false;  // the mail that it is about to take
};

}  // namespace pabal::simulation

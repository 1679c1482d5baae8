// Ledger: what clients were told and what they found afterwards. It stands
// outside the product and knows nothing of it; what a server must never do is
// decided here alone (judge.cc).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/world.h"

namespace pabal::simulation {

// What the client heard about its letter.
enum class Told {
  nothing,   // the message was never sent to its end
  refused,   // 4xx or 5xx
  accepted,  // 250: from now on the server answers for it
  unknown,   // the connection broke before the reply: either may be true
};
const char* to_text(Told told);

struct Letter {
  std::string token;                  // in its Message-ID, so that every copy is recognised
  std::string from;                   // "" for the null reverse-path
  std::vector<std::string> to;        // as they were given to the client
  std::vector<std::string> accepted;  // of these, after RCPT
  // Of these, whose mailbox is on the server that took the letter: nothing but
  // the mailbox is a good end then.
  std::set<std::string> certain;
  std::string text;
  bool eight_bit = false;
  bool smuggled = false;   // has a bare LF: nobody may ever get it,
  bool of_a_user = false;  // but from who has logged in, and then every line ends in CRLF
  Told told = Told::nothing;
  std::string reply;  // the last one
};

// Where a letter ended for one of its recipients.
struct Fate {
  int mailbox = 0;  // copies in the mailbox
  int peer = 0;     // copies that another server took
  int failed = 0;   // reports to the sender
  int delayed = 0;
  int copies() const { return mailbox + peer; }
};

class Ledger {
 public:
  explicit Ledger(io::Clock& clock) : clock_(clock) {}

  std::map<std::string, Letter> letters;                      // by token
  std::map<std::pair<std::string, std::string>, Fate> fates;  // by token and recipient
  std::set<std::string> marks;                                // states that were reached, see marks.h
  std::map<std::string, uint64_t> counts;                     // how often something was checked
  // Crashes, broken connections and the like: only after one may a copy be made twice.
  int disturbances = 0;
  // The servers of jeju.test may have refused a report; nobody is told of that.
  bool reports_refused = false;
  // A report may be too big for its reader's server: it is larger than the letter.
  uint64_t smallest_limit = UINT64_MAX;
  std::set<std::string> lost_acks;  // tokens that a peer took without saying so
  // Letters and reports about letters whose bytes have rotted somewhere.
  std::set<std::string> rotten_letters, rotten_reports;
  // To whom some mail waited in vain until its time was over, as the server says.
  // That may have been a report, and nobody is told of it.
  std::set<std::string> out_of_reach;

  void note(const std::string& line);       // for the story of the run
  void violation(const std::string& what);  // a promise was broken
  void mark(const std::string& name) { marks.insert(name); }
  void count(const char* what) { ++counts[what]; }

  // A mail as some mailbox or server has it: a letter of ours, or a report about one.
  void found_in_mailbox(const std::string& owner, const std::string& mail);
  void taken_by_peer(const std::string& recipient, const std::string& mail);
  // A stored mail with these bytes is damaged from now on.
  void rots(const std::string& mail);
  // When everything has been read: which letters the reports are about that do not say.
  void name_reports();

  // Only the last lines of it are kept.
  void limit_story(size_t lines) { story_max_ = lines; }
  const std::deque<std::string>& story() const { return story_; }
  const std::vector<std::string>& violations() const { return violations_; }

 private:
  // About a letter that cannot be read any more. rotten: and it cannot be, either.
  struct NamelessReport {
    std::string reader, recipient;
    bool delayed = false, rotten = false;
  };
  void report(const std::string& reader, const std::string& mail);
  std::string letter_of(const NamelessReport& report);  // "": of none
  bool check_bytes(const Letter& letter, const std::string& where, const std::string& mail);

  io::Clock& clock_;
  std::vector<NamelessReport> nameless_;
  std::deque<std::string> story_;
  size_t story_max_ = SIZE_MAX;
  std::vector<std::string> violations_;
};

// Aliases lead to somebody, everybody else is who he is.
std::string owner_of(const std::string& address);

// After all faults are over and the queues are empty: every letter ended in
// exactly one place for each recipient.
void judge(Ledger& ledger);

}  // namespace pabal::simulation

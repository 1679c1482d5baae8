// The promises: nothing lost, nothing twice without a reason, no report for a
// null reverse-path, nothing delivered that was refused.
#include <algorithm>

#include "ledger.h"

namespace pabal::simulation {

namespace {

// What a report has beside the letter, at most.
constexpr uint64_t kReportOctets = 4'000;

std::string describe(const Fate& fate) {
  return std::to_string(fate.mailbox) + " in the mailbox, " + std::to_string(fate.peer) +
         " at the other server, " + std::to_string(fate.failed) + " reported";
}

void judge_one(Ledger& ledger, const Letter& letter, const std::string& recipient) {
  const Fate& fate = ledger.fates[{letter.token, owner_of(recipient)}];
  std::string what = letter.token + " to " + recipient + " (" + to_text(letter.told) + "): " + describe(fate);
  ledger.note("= " + what);
  bool disturbed = ledger.disturbances > 0 || ledger.lost_acks.contains(letter.token);
  int ends = fate.copies() + fate.failed;

  bool nobody_to_tell =
      letter.from.empty() || (letter.from.ends_with("@jeju.test") && ledger.reports_refused) ||
      ledger.rotten_reports.contains(letter.token) || ledger.out_of_reach.contains(letter.from) ||
      letter.text.size() + kReportOctets > ledger.smallest_limit;
  if (letter.told == Told::accepted && ends == 0) {
    if (nobody_to_tell) {
      ledger.mark("DSN for a DSN suppressed");
    } else {
      ledger.violation("lost: " + what);
    }
  }
  if (letter.told == Told::accepted && letter.certain.contains(recipient) && fate.mailbox == 0) {
    ledger.violation("not in the mailbox at once: " + what);
  }
  if (letter.told == Told::nothing && ends > 0)
    ledger.violation("never finished, and still delivered: " + what);
  // A commit whose sync failed was refused, and may be there all the same.
  if (letter.told == Told::refused && ends > 0 && !disturbed)
    ledger.violation("refused, and still delivered: " + what);
  if (fate.copies() > 1 && !disturbed) ledger.violation("twice without a reason: " + what);
  if (fate.failed > 1 && !disturbed) ledger.violation("reported twice without a reason: " + what);
  if (fate.copies() > 0 && fate.failed > 0 && !disturbed) {
    ledger.violation("delivered and reported as failed: " + what);
  }
  if (ends > 1 + ledger.disturbances + (ledger.lost_acks.contains(letter.token) ? 1000 : 0)) {
    ledger.violation("more copies than disturbances: " + what);
  }
  if (letter.told == Told::unknown && ends > 0) ledger.mark("accepted although the reply was lost");
  if (letter.told == Told::unknown && ends == 0) ledger.mark("not accepted, and the reply was lost");
  if (fate.copies() > 1) ledger.mark("duplicate after a lost ack or a crash");
  if (fate.copies() > 0 && fate.delayed > 0) ledger.mark("delivered after a delay notice");
}

}  // namespace

void judge(Ledger& ledger) {
  ledger.name_reports();
  for (const auto& [token, letter] : ledger.letters) {
    for (const std::string& recipient : letter.to) {
      if (std::ranges::find(letter.accepted, recipient) == letter.accepted.end()) {
        const Fate& fate = ledger.fates[{token, owner_of(recipient)}];
        if (fate.copies() + fate.failed > 0)
          ledger.violation(token + " reached " + recipient + ", who was refused at RCPT");
        continue;
      }
      judge_one(ledger, letter, recipient);
    }
  }
}

}  // namespace pabal::simulation

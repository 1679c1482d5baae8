#include "marks.h"

namespace pabal::simulation {

const std::vector<std::string>& all_marks() {
  static const std::vector<std::string> marks = {
      // what clients heard
      "over quota", "message too big", "unknown recipient", "too many recipients",
      "server says its disk is full", "server says it cannot store", "server hangs up", "loop refused",
      "bare LF refused", "bare LF of a user made CRLF", "command line too long",
      "connection lost before the reply to a message", "accepted although the reply was lost",
      "not accepted, and the reply was lost", "mailbox in use", "mail sent by STARTTLS", "mail read by STLS",
      "QUIT without a reply had deleted", "QUIT without a reply had not deleted",
      // what IMAP clients heard and did
      "mail read by IMAP and STARTTLS", "IMAP client was told of another's change in IDLE",
      "QRESYNC after a crash told of vanished mail", "APPEND, COPY or MOVE without a reply had happened",
      "APPEND, COPY or MOVE without a reply had not happened", "STORE without a reply had happened",
      "STORE without a reply had not happened", "IMAP command refused for the full disk",
      "search saw a mail that was not indexed yet",
      // what became of letters
      "duplicate after a lost ack or a crash", "report failed", "report delayed",
      "delivered after a delay notice", "DSN for a DSN suppressed",
      "carried from server to server by STARTTLS", "two recipients in one transaction",
      "delivered after greylisting", "delivered although STARTTLS is broken", "delivered by HELO",
      // what the other servers did
      "peer refused for good", "4xx and then 5xx", "peer hung up behind the final dot",
      "peer took a mail and said nothing", "peer stopped answering", "peer lied about SIZE",
      // what happened to ours
      "power lost", "power lost in the middle of an operation", "process killed", "syncs failed",
      "a rotten mail was found by its hash", "a rotten mail could not be read",
      "the sender of a rotten letter was told", "disk was full", "disk was slow", "DNS failed",
      "clock jumped", "started after a failed start"};
  return marks;
}

}  // namespace pabal::simulation

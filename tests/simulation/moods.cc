#include "moods.h"

#include "base/bytes.h"
#include "plan.h"

namespace pabal::simulation {

namespace {

const std::vector<std::string> kOffers = {"PIPELINING", "8BITMIME", "SIZE 1000000", "ENHANCEDSTATUSCODES"};

// "RCPT TO:<x@jeju.test> NOTIFY=..." -> "x@jeju.test"
std::string path_of(const std::string& line) {
  size_t open = line.find('<'), close = line.find('>');
  if (open == std::string::npos || close == std::string::npos) return "";
  return to_lower(line.substr(open + 1, close - open - 1));
}

// Of the mail, and of the letter that a report is about.
std::vector<std::string> tokens_of(const std::string& text) {
  constexpr std::string_view name = "Message-ID: <";
  std::vector<std::string> tokens;
  for (size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    size_t begin = at + name.size();
    tokens.push_back(text.substr(begin, text.find('@', begin) - begin));
  }
  return tokens;
}

}  // namespace

MoodyPeer::MoodyPeer(sim::SimWorld& sim, size_t number, Ledger& ledger)
    : peer_(sim, "mx" + std::to_string(number + 1) + ".jeju.test", kPeerIps[number]),
      ledger_(ledger),
      random_(sim.derive_seed()) {
  peer_.answer = [this](const std::string& line) { return answer(line); };
  peer_.on_mail = [this](const deliver::PeerMail& mail) { take(mail); };
  set_mood(Mood::kind);
}

void MoodyPeer::set_mood(Mood mood) {
  mood_ = mood;
  if (mood != Mood::kind) ledger_.reports_refused = true;
  peer_.knows_ehlo = mood != Mood::old;
  peer_.offers = kOffers;
  if (mood == Mood::old) peer_.offers.clear();
  if (mood == Mood::broken_tls) peer_.offers.push_back("STARTTLS");
  // Some mails have to be made 7-bit then.
  if (random_.chance(30)) std::erase(peer_.offers, "8BITMIME");
}

void MoodyPeer::take(const deliver::PeerMail& mail) {
  if (forgets_) {
    for (const std::string& token : tokens_of(mail.text)) ledger_.lost_acks.insert(token);
    ledger_.mark("peer took a mail and said nothing");
  }
  forgets_ = false;
  if (mail.rcpts.size() > 1) ledger_.mark("two recipients in one transaction");
  if (mood_ == Mood::greylisting) ledger_.mark("delivered after greylisting");
  if (mood_ == Mood::broken_tls) ledger_.mark("delivered although STARTTLS is broken");
  if (mood_ == Mood::old) ledger_.mark("delivered by HELO");
  for (const std::string& rcpt : mail.rcpts) ledger_.taken_by_peer(path_of(rcpt), mail.text);
}

std::string MoodyPeer::at_random(const std::string& line) {
  return random_.chance(25) && line != "QUIT" ? "drop" : "";
}

// "" for the usual answer.
std::string MoodyPeer::answer(const std::string& line) {
  bool rcpt = line.starts_with("RCPT"), end = line == ".";
  switch (mood_) {
    case Mood::kind:
    case Mood::old:
      return "";
    case Mood::greylisting:
      return rcpt && seen_.insert(line).second ? "451 4.7.1 come back later" : "";
    case Mood::temporary:
      if (!random_.chance(20) || line == "QUIT") return "";
      return line == "(greeting)" || random_.chance(30) ? "421 4.3.2 too busy" : "450 4.2.0 not now";
    case Mood::permanent:
      if (!(rcpt || end || line.starts_with("MAIL")) || !random_.chance(30)) return "";
      ledger_.mark("peer refused for good");
      return "550 5.7.1 never";
    case Mood::four_then_five:
      if (!rcpt) return "";
      if (seen_.insert("4 " + line).second) return "451 4.2.1 perhaps later";
      ledger_.mark("4xx and then 5xx");
      return "550 5.2.1 no, never";
    case Mood::hanging_up:
      if (end && random_.chance(30)) ledger_.mark("peer hung up behind the final dot");
      return at_random(line);
    case Mood::forgetful:
      if (!end || !random_.chance(50)) return "";
      forgets_ = true;
      return "take and drop";
    case Mood::tarpit:
      if (!random_.chance(10) || line == "QUIT") return "";
      ledger_.mark("peer stopped answering");
      return "silent";
    case Mood::small:
      if (!end || !random_.chance(60)) return "";
      ledger_.mark("peer lied about SIZE");
      return "552 5.3.4 too big after all";
    case Mood::broken_tls:
      if (line == "STARTTLS")
        return random_.chance(50) ? "220 2.0.0 go on\r\nthis is no TLS" : "454 4.7.0 no TLS today";
      return "";
    case Mood::bare_line_feeds:
      return end ? "250-2.0.0 taken\n250 2.0.0 and kept" : "";
  }
  return "";
}

}  // namespace pabal::simulation

#include "deliver/replies.h"

#include "base/bytes.h"

namespace pabal::deliver {

namespace {
// A reply may have hundreds of lines; it is kept for every recipient that it was for.
constexpr size_t kWordsMax = 4000;
}  // namespace

std::string reply_text(const proto::smtp::Reply& reply) {
  std::string text = std::to_string(reply.code);
  if (!reply.enhanced.empty()) text += ' ' + reply.enhanced;
  std::string words = reply.text();
  if (words.size() > kWordsMax) words = printable(words, kWordsMax);
  if (!words.empty()) text += ' ' + words;
  return text;
}

Outcome outcome_of(const proto::smtp::Reply& reply, const std::string& host) {
  Outcome outcome;
  outcome.remote_mta = host;
  outcome.reply = reply_text(reply);
  outcome.status = reply.enhanced;
  if (reply.code >= 200 && reply.code < 300) {
    outcome.kind = Outcome::relayed;
    if (!outcome.status.starts_with('2')) outcome.status = "2.0.0";
  } else if (reply.is_permanent()) {
    outcome.kind = Outcome::failed;
    if (!outcome.status.starts_with('5')) outcome.status = "5.0.0";
  } else if (reply.is_transient()) {
    outcome.kind = Outcome::delayed;
    if (!outcome.status.starts_with('4')) outcome.status = "4.0.0";
  } else {
    outcome.kind = Outcome::delayed;
    outcome.status = "4.5.0";
    outcome.reason = "the server's reply does not belong to the command";
  }
  return outcome;
}

bool says_too_many_recipients(const proto::smtp::Reply& reply) {
  if (reply.is_positive()) return false;
  // Other meanings of 452 (4.3.1 disk full) and 552 (5.2.2 over quota) have their own
  // enhanced code; without one, 552 is what RFC 821 had for it (RFC 5321 §4.5.3.1.10).
  if (reply.enhanced.empty()) return reply.code == 452 || reply.code == 552;
  return reply.enhanced.ends_with(".5.3");
}

}  // namespace pabal::deliver

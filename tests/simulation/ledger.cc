#include "ledger.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/time.h"

namespace pabal::simulation {

namespace {

constexpr std::string_view kMessageId = "Message-ID: <";

// The token in the first Message-ID at or behind `from`; "" without one.
std::string token_in(std::string_view mail, size_t from) {
  size_t at = mail.find(kMessageId, from);
  if (at == std::string_view::npos) return "";
  at += kMessageId.size();
  size_t end = mail.find('@', at);
  return end == std::string_view::npos ? "" : std::string(mail.substr(at, end - at));
}

std::string_view header_of(std::string_view mail) {
  return mail.substr(0, mail.find("\r\n\r\n"));
}

// "Final-Recipient: rfc822; x@y" -> "x@y"
std::string field(std::string_view text, std::string_view name) {
  for (std::string_view line : split(text, '\n')) {
    if (!istarts_with(line, name)) continue;
    std::string_view value = line.substr(name.size());
    size_t semicolon = value.find(';');
    if (semicolon != std::string_view::npos) value.remove_prefix(semicolon + 1);
    return to_lower(trim(value));
  }
  return "";
}

// Its first Received field is about a connection between our servers, with TLS (RFC 3848).
bool came_encrypted(std::string_view mail) {
  std::string_view header = header_of(mail);
  size_t from = header.find("\r\nReceived: ");
  if (from == std::string_view::npos) return false;
  size_t next = std::min(header.find("\r\nReceived: ", from + 1), header.size());
  std::string_view field = header.substr(from, next - from);
  return field.starts_with("\r\nReceived: from mx.") && field.find("with ESMTPS") != std::string_view::npos;
}

bool is_report(std::string_view mail) {
  return header_of(mail).find("Content-Type: multipart/report") != std::string_view::npos;
}

}  // namespace

std::string owner_of(const std::string& address) {
  if (address == "team@seoul.test") return "carol@busan.test";
  if (address == "ghost@seoul.test") return "nobody@busan.test";
  return address;
}

const char* to_text(Told told) {
  switch (told) {
    case Told::nothing:
      return "never sent to its end";
    case Told::refused:
      return "refused";
    case Told::accepted:
      return "accepted";
    case Told::unknown:
      return "no reply";
  }
  return "";
}

void Ledger::note(const std::string& line) {
  story_.push_back(to_rfc3339(clock_.now()) + "  " + line);
  if (story_.size() > story_max_) story_.pop_front();
}

void Ledger::violation(const std::string& what) {
  note("BROKEN PROMISE: " + what);
  violations_.push_back(what);
}

static std::string with_crlf(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '\n' && !out.ends_with('\r')) out += '\r';
    out += c;
  }
  return out;
}

// The bytes are those that were sent, behind what servers put before them.
bool Ledger::check_bytes(const Letter& letter, const std::string& where, const std::string& mail) {
  if (letter.smuggled && !letter.of_a_user) {
    violation(letter.token + " has a bare LF in it and still came to " + where);
    return false;
  }
  if (letter.eight_bit || mail.ends_with(with_crlf(letter.text)))
    return true;  // 8 bits may have been converted
  violation(letter.token + " came to " + where + " with other bytes");
  return false;
}

void Ledger::found_in_mailbox(const std::string& owner, const std::string& mail) {
  if (is_report(mail)) return report(owner, mail);
  auto letter = letters.find(token_in(header_of(mail), 0));
  if (letter == letters.end()) return violation("a mail that nobody sent is in the mailbox of " + owner);
  if (check_bytes(letter->second, owner, mail)) ++fates[{letter->first, owner}].mailbox;
  if (came_encrypted(mail)) mark("carried from server to server by STARTTLS");
}

void Ledger::taken_by_peer(const std::string& recipient, const std::string& mail) {
  if (is_report(mail)) return report(recipient, mail);
  auto letter = letters.find(token_in(header_of(mail), 0));
  if (letter == letters.end()) return violation("a mail that nobody sent came to " + recipient);
  if (check_bytes(letter->second, recipient, mail)) ++fates[{letter->first, recipient}].peer;
}

void Ledger::rots(const std::string& mail) {
  if (!is_report(mail)) {
    rotten_letters.insert(token_in(header_of(mail), 0));
  } else {
    std::string token = token_in(mail, header_of(mail).size());
    if (!token.empty()) {
      rotten_reports.insert(token);
    } else {
      std::string reader = field(header_of(mail), "To:");
      std::erase_if(reader, [](char c) { return c == '<' || c == '>'; });
      nameless_.push_back({.reader = reader,
                           .recipient = owner_of(field(mail, "Final-Recipient:")),
                           .delayed = field(mail, "Action:") == "delayed",
                           .rotten = true});
    }
  }
}

// Nothing of a letter that cannot be read any more comes back with the report;
// its sender and the recipient say which one it may be. Two may be meant: then it
// is the one that has no other end, and that is known when everything has been read.
std::string Ledger::letter_of(const NamelessReport& report) {
  std::string token;
  for (const std::string& rotten : rotten_letters) {
    auto letter = letters.find(rotten);
    if (letter == letters.end() || letter->second.from != report.reader) continue;
    bool was_for = std::ranges::any_of(
        letter->second.accepted, [&](const std::string& to) { return owner_of(to) == report.recipient; });
    if (!was_for) continue;
    token = rotten;
    const Fate& fate = fates[{rotten, report.recipient}];
    if (report.delayed ? fate.delayed == 0 : fate.copies() + fate.failed == 0) break;
  }
  return token;
}

void Ledger::name_reports() {
  for (bool rotten : {false, true}) {
    for (const NamelessReport& report : nameless_) {
      if (report.rotten != rotten) continue;
      std::string token = letter_of(report);
      if (token.empty()) {
        violation("a report to " + report.reader + " is about no letter of ours");
        continue;
      }
      if (rotten) {
        rotten_reports.insert(token);
        continue;
      }
      mark("the sender of a rotten letter was told");
      Fate& fate = fates[{token, report.recipient}];
      ++(report.delayed ? fate.delayed : fate.failed);
    }
  }
}

// A DSN (RFC 3464): counts for each recipient that it names.
void Ledger::report(const std::string& reader, const std::string& mail) {
  std::string token = token_in(mail, header_of(mail).size());
  if (!token.empty()) {
    auto letter = letters.find(token);
    if (letter == letters.end()) return violation("a report to " + reader + " is about no letter of ours");
    if (letter->second.from.empty()) return violation("a report was made for a null reverse-path: " + token);
    if (letter->second.from != reader)
      return violation("the report about " + token + " from " + letter->second.from + " went to " + reader);
  }
  size_t status = mail.find("message/delivery-status");
  std::string_view rest = std::string_view(mail).substr(std::min(status, mail.size()));
  for (size_t at = rest.find("Final-Recipient:"); at != std::string_view::npos;) {
    size_t next = rest.find("Final-Recipient:", at + 1);
    std::string_view group = rest.substr(at, next == std::string_view::npos ? next : next - at);
    std::string recipient = owner_of(field(group, "Final-Recipient:")), action = field(group, "Action:");
    bool delayed = action == "delayed";
    if (token.empty()) {
      nameless_.push_back({.reader = reader, .recipient = recipient, .delayed = delayed, .rotten = false});
    } else {
      Fate& fate = fates[{token, recipient}];
      ++(delayed ? fate.delayed : fate.failed);
    }
    mark("report " + action);
    at = next;
  }
}

}  // namespace pabal::simulation

#include "visitor.h"

#include <map>
#include <vector>

#include "base/bytes.h"
#include "io/connection.h"
#include "io/error.h"
#include "rt/loop.h"
#include "simulation/pop3_dialogue.h"

namespace pabal::stress {

namespace {

using simulation::is_ok;

constexpr Duration kPatience = std::chrono::minutes(10);

struct Listed {
  uint32_t number = 0;
  uint64_t uid_validity = 0;
  uint32_t uid = 0;
};

// "3 17.203": number, UIDVALIDITY and UID.
std::vector<Listed> parse_uidl(std::string_view lines) {
  std::vector<Listed> out;
  for (std::string_view line : split(lines, '\n')) {
    size_t space = line.find(' '), dot = line.find('.', space);
    if (space == std::string_view::npos || dot == std::string_view::npos) continue;
    out.push_back({static_cast<uint32_t>(parse_uint(line.substr(0, space)).value_or(0)),
                   parse_uint(line.substr(space + 1, dot - space - 1)).value_or(0),
                   static_cast<uint32_t>(parse_uint(trim(line.substr(dot + 1))).value_or(0))});
  }
  return out;
}

}  // namespace

rt::Task<void> Visitor::live(const bool& over) {
  while (!over) {
    co_await rt::sleep_for(Duration(random_.below(500)));
    if (over) break;
    try {
      co_await session();
    } catch (const io::IoError& e) {
      model_.ledger().note("POP3 of " + model_.address() + ": " + e.what());
    }
  }
}

rt::Task<void> Visitor::session() {
  io::Connection connection(co_await world_.net.connect(server_, rt::Loop::current().now() + kPatience));
  simulation::Pop3Dialogue pop3(connection, kPatience);
  co_await pop3.ask("");
  simulation::ImapModel::Moment begun = model_.now();
  std::string reply = co_await pop3.ask("USER " + model_.address());
  if (is_ok(reply)) reply = co_await pop3.ask("PASS secret");
  if (is_ok(reply)) reply = co_await pop3.ask("UIDL");
  if (!is_ok(reply)) throw io::IoError(io::IoFault::other, "POP3 refused: " + reply);
  std::string lines = co_await pop3.read_lines();
  std::vector<Listed> listed = parse_uidl(lines);
  model_.ledger().count("maildrops listed");
  if (listed.empty()) co_return;
  simulation::ImapBox& inbox = *model_.see_box("INBOX", listed[0].uid_validity, "", begun);
  for (size_t i = 1; i < listed.size(); ++i) {
    if (listed[i].uid <= listed[i - 1].uid || listed[i].uid_validity != listed[0].uid_validity)
      model_.violation("the UIDs of the maildrop do not rise at " + std::to_string(listed[i].uid));
  }
  std::vector<uint32_t> marked;
  for (uint64_t n = random_.up_to(4); n > 0; --n) {
    const Listed& mail = listed[random_.below(listed.size())];
    reply = co_await pop3.ask("RETR " + std::to_string(mail.number));
    if (!is_ok(reply)) continue;  // others have expunged it, or it has been marked
    std::string octets = co_await pop3.read_lines();
    model_.see_bytes(inbox, mail.uid, std::move(octets));
    model_.ledger().count("mails read by POP3, each octet");
    if (!random_.chance(30)) continue;
    reply = co_await pop3.ask("DELE " + std::to_string(mail.number));
    if (is_ok(reply)) marked.push_back(mail.uid);
  }
  if (random_.chance(20)) co_return;  // goes without a word: nothing is deleted
  simulation::ImapChange change{.what = "QUIT of POP3", .box = &inbox, .uids = marked};
  change.on_mail = [](simulation::ImapMailState& state) { state.present = false; };
  if (marked.empty()) {
    co_await pop3.ask("QUIT");
    co_return;
  }
  co_await model_.begin(change);
  std::exception_ptr error;
  try {
    reply = co_await pop3.ask("QUIT");
  } catch (const io::IoError&) {
    error = std::current_exception();
  }
  if (error) {
    co_await rt::sleep_for(decided_after_);
    model_.end(change, simulation::ImapEnd::lost);
    std::rethrow_exception(error);
  }
  model_.end(change, is_ok(reply) ? simulation::ImapEnd::done : simulation::ImapEnd::refused);
}

}  // namespace pabal::stress

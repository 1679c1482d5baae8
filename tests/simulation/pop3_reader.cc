#include "pop3_reader.h"

#include "base/bytes.h"
#include "io/connection.h"
#include "io/error.h"
#include "pop3_dialogue.h"
#include "rt/loop.h"
#include "tls/stream.h"

namespace pabal::simulation {

namespace {

constexpr Duration kPatience = std::chrono::minutes(5);

// "17.203": UIDVALIDITY and UID, as numbers to compare by.
std::pair<uint64_t, uint64_t> order_of(const std::string& id) {
  size_t dot = id.find('.');
  if (dot == std::string::npos) return {};
  return {parse_uint(id.substr(0, dot)).value_or(0), parse_uint(id.substr(dot + 1)).value_or(0)};
}

}  // namespace

rt::Task<bool> Pop3Reader::visit(Purpose purpose) {
  try {
    co_await session(purpose);
    co_return true;
  } catch (const io::IoError&) {
    co_return false;
  }
}

// What was there and was not deleted is there; what was deleted is not; what is
// new has a higher UID than everything before.
void Pop3Reader::compare(const std::map<std::string, size_t>& listed) {
  for (auto& [id, known] : known_) {
    bool there = listed.contains(id);
    known.unreadable = known.unreadable && there;
    if (known.state == State::present && !there)
      ledger_.violation("mail " + id + " of " + address_ + " has vanished");
    if (known.state == State::gone && there)
      ledger_.violation("deleted mail " + id + " of " + address_ + " is back");
    if (known.state == State::perhaps) {
      ledger_.mark(there ? "QUIT without a reply had not deleted" : "QUIT without a reply had deleted");
      if (!there) known.state = State::gone;
    }
  }
  std::string highest = highest_;
  for (const auto& [id, number] : listed) {
    if (known_.contains(id)) continue;
    if (!highest_.empty() && order_of(id) <= order_of(highest_)) {
      ledger_.violation("new mail " + id + " of " + address_ + " has no higher UID than " + highest_);
    }
    if (!highest_.empty() && order_of(id).first != order_of(highest_).first) {
      ledger_.violation("the UIDVALIDITY of " + address_ + " has changed");
    }
    known_[id] = {};
    if (highest.empty() || order_of(id) > order_of(highest)) highest = id;
  }
  highest_ = highest;
}

std::vector<Pop3Reader::Unreadable> Pop3Reader::unreadable() const {
  std::vector<Unreadable> mails;
  for (const auto& [id, known] : known_) {
    if (known.unreadable) mails.push_back({static_cast<int64_t>(order_of(id).second), known.retrieved});
  }
  return mails;
}

rt::Task<void> Pop3Reader::session(Purpose purpose) {
  io::Connection connection(co_await world_.net.connect(server_, rt::Loop::current().now() + kPatience));
  Pop3Dialogue pop3(connection, kPatience);
  std::string reply = co_await pop3.ask("");
  bool encrypted = false;
  if (is_ok(reply) && random_.chance(15)) {
    std::string answer = co_await pop3.ask("STLS");
    encrypted = is_ok(answer);
  }
  if (encrypted) {
    std::unique_ptr<io::Stream> plain = connection.release();
    std::unique_ptr<io::Stream> secured =
        co_await tls::connect(std::move(plain), tls_, "", rt::Loop::current().now() + kPatience);
    connection.attach(std::move(secured));
    ledger_.mark("mail read by STLS");
  }
  if (is_ok(reply)) reply = co_await pop3.ask("USER " + address_);
  if (is_ok(reply)) reply = co_await pop3.ask("PASS secret");
  if (reply.find("[IN-USE]") != std::string::npos) ledger_.mark("mailbox in use");
  if (is_ok(reply)) reply = co_await pop3.ask("UIDL");
  if (!is_ok(reply)) throw io::IoError(io::IoFault::other, "POP3 refused: " + reply);

  std::map<std::string, size_t> listed;
  std::string lines = co_await pop3.read_lines();
  for (std::string_view line : split(lines, '\n')) {
    size_t space = line.find(' ');
    if (space != std::string_view::npos) {
      listed[std::string(trim(line.substr(space)))] = *parse_uint(line.substr(0, space));
    }
  }
  compare(listed);

  std::vector<std::string> marked;
  for (const auto& [id, number] : listed) {
    Known& known = known_[id];
    if (!known.retrieved || purpose == Purpose::check_all || random_.chance(10)) {
      reply = co_await pop3.ask("RETR " + std::to_string(number));
      known.unreadable = !is_ok(reply);
      if (known.unreadable && rot_expected_) continue;
      if (!is_ok(reply)) throw io::IoError(io::IoFault::other, "POP3 refused: " + reply);
      std::string mail = co_await pop3.read_lines();
      if (known.retrieved && mail != known.mail)
        ledger_.violation("mail " + id + " of " + address_ + " has changed");
      if (!known.retrieved) ledger_.found_in_mailbox(address_, mail);
      known.retrieved = true;
      known.mail = std::move(mail);
    }
    if (purpose != Purpose::fetch || !random_.chance(30)) continue;
    reply = co_await pop3.ask("DELE " + std::to_string(number));
    if (is_ok(reply)) marked.push_back(id);
  }
  // From here on only the reply tells whether they are deleted.
  for (const std::string& id : marked) known_[id].state = State::perhaps;
  reply = co_await pop3.ask("QUIT");
  if (!is_ok(reply)) co_return;
  for (const std::string& id : marked) known_[id].state = State::gone;
}

}  // namespace pabal::simulation

#include "pop3_reader.h"

#include "base/bytes.h"
#include "io/connection.h"
#include "io/error.h"
#include "rt/loop.h"
#include "tls/stream.h"

namespace pabal::simulation {

namespace {

constexpr size_t kLineMax = 1 << 16;

Instant patience() {
  return rt::Loop::current().now() + std::chrono::minutes(5);
}

rt::Task<std::string> ask(io::Connection& connection, std::string line) {
  if (!line.empty()) {
    connection.out() += line + "\r\n";
    co_await connection.flush(patience());
  }
  co_return co_await connection.read_line(kLineMax, patience());
}

// Lines up to the lone dot, dots removed (RFC 1939 §3).
rt::Task<std::string> read_lines(io::Connection& connection) {
  std::string text;
  for (;;) {
    std::string line = co_await connection.read_line(kLineMax, patience());
    if (line == ".\r\n") co_return text;
    text += line.starts_with('.') ? line.substr(1) : line;
  }
}

bool ok(const std::string& reply) {
  return reply.starts_with("+OK");
}

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
  io::Connection connection(co_await world_.net.connect(server_, patience()));
  std::string reply = co_await ask(connection, "");
  bool encrypted = false;
  if (ok(reply) && random_.chance(15)) {
    std::string answer = co_await ask(connection, "STLS");
    encrypted = ok(answer);
  }
  if (encrypted) {
    std::unique_ptr<io::Stream> plain = connection.release();
    std::unique_ptr<io::Stream> secured = co_await tls::connect(std::move(plain), tls_, "", patience());
    connection.attach(std::move(secured));
    ledger_.mark("mail read by STLS");
  }
  if (ok(reply)) reply = co_await ask(connection, "USER " + address_);
  if (ok(reply)) reply = co_await ask(connection, "PASS secret");
  if (reply.find("[IN-USE]") != std::string::npos) ledger_.mark("mailbox in use");
  if (ok(reply)) reply = co_await ask(connection, "UIDL");
  if (!ok(reply)) throw io::IoError(io::IoFault::other, "POP3 refused: " + reply);

  std::map<std::string, size_t> listed;
  std::string lines = co_await read_lines(connection);
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
      reply = co_await ask(connection, "RETR " + std::to_string(number));
      known.unreadable = !ok(reply);
      if (known.unreadable && rot_expected_) continue;
      if (!ok(reply)) throw io::IoError(io::IoFault::other, "POP3 refused: " + reply);
      std::string mail = co_await read_lines(connection);
      if (known.retrieved && mail != known.mail)
        ledger_.violation("mail " + id + " of " + address_ + " has changed");
      if (!known.retrieved) ledger_.found_in_mailbox(address_, mail);
      known.retrieved = true;
      known.mail = std::move(mail);
    }
    if (purpose != Purpose::fetch || !random_.chance(30)) continue;
    reply = co_await ask(connection, "DELE " + std::to_string(number));
    if (ok(reply)) marked.push_back(id);
  }
  // From here on only the reply tells whether they are deleted.
  for (const std::string& id : marked) known_[id].state = State::perhaps;
  reply = co_await ask(connection, "QUIT");
  if (!ok(reply)) co_return;
  for (const std::string& id : marked) known_[id].state = State::gone;
}

}  // namespace pabal::simulation

#include "smtp_client.h"

#include <algorithm>

#include "base/bytes.h"
#include "io/connection.h"
#include "io/error.h"
#include "rt/loop.h"
#include "tls/stream.h"

namespace pabal::simulation {

namespace {

constexpr size_t kLineMax = 4096;
constexpr size_t kChunkOctets = 700;
constexpr size_t kLongParameter = 490;  // RFC 3461 §4.2 allows 500 octets

Instant patience() {
  return rt::Loop::current().now() + std::chrono::minutes(10);
}

// The whole reply, lines joined; "" never.
rt::Task<std::string> read_reply(io::Connection& connection) {
  std::string reply;
  for (;;) {
    std::string line = co_await connection.read_line(kLineMax, patience());
    reply += std::string(trim(line)) + ' ';
    if (line.size() < 4 || line[3] != '-') co_return reply;
  }
}

rt::Task<std::string> ask(io::Connection& connection, std::string line) {
  connection.out() += line + "\r\n";
  co_await connection.flush(patience());
  co_return co_await read_reply(connection);
}

bool positive(const std::string& reply) {
  return reply.starts_with('2');
}

std::string dotted(const std::string& text) {
  std::string out;
  bool line_start = true;
  for (char c : text) {
    if (line_start && c == '.') out += '.';
    out += c;
    line_start = c == '\n';
  }
  return out;
}

// base64 of "\0user\0secret" (RFC 4616).
std::string plain_response(const std::string& user) {
  std::string in = std::string(1, '\0') + user + std::string(1, '\0') + "secret";
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < in.size(); i += 3) {
    uint32_t bits = 0;
    for (size_t j = 0; j < 3; ++j)
      bits = bits << 8 | (i + j < in.size() ? static_cast<uint8_t>(in[i + j]) : 0);
    for (size_t j = 0; j < 4; ++j) out += i + j > in.size() ? '=' : alphabet[bits >> (18 - 6 * j) & 63];
  }
  return out;
}

rt::Task<bool> introduce(io::Connection& connection, tls::ClientContext& tls, const Manners& manners,
                         Letter& letter, Ledger& ledger) {
  letter.reply = co_await read_reply(connection);
  if (!positive(letter.reply)) co_return false;
  const std::string hello = manners.entrance == Entrance::lmtp ? "LHLO client.test" : "EHLO client.test";
  letter.reply = co_await ask(connection, hello);
  if (!positive(letter.reply)) co_return false;
  if (manners.encrypts && letter.reply.find("STARTTLS") != std::string::npos) {
    letter.reply = co_await ask(connection, "STARTTLS");
    if (!positive(letter.reply)) co_return false;
    std::unique_ptr<io::Stream> plain = connection.release();
    std::unique_ptr<io::Stream> secured = co_await tls::connect(std::move(plain), tls, "", patience());
    connection.attach(std::move(secured));
    ledger.mark("mail sent by STARTTLS");
    letter.reply = co_await ask(connection, hello);
    if (!positive(letter.reply)) co_return false;
  }
  if (manners.user.empty()) co_return true;
  letter.reply = co_await ask(connection, "AUTH PLAIN " + plain_response(manners.user));
  co_return positive(letter.reply);
}

// MAIL and RCPT; letter.accepted afterwards. False: nobody accepted.
rt::Task<bool> envelope(io::Connection& connection, const Manners& manners, Letter& letter) {
  std::vector<std::string> lines = {"MAIL FROM:<" + letter.from + ">" +
                                    (letter.eight_bit ? " BODY=8BITMIME" : "")};
  std::string more = manners.wordy ? " ORCPT=rfc822;" + std::string(kLongParameter, 'x') : "";
  for (const std::string& to : letter.to) lines.push_back("RCPT TO:<" + to + ">" + more);
  if (manners.pipelines) {
    for (const std::string& line : lines) connection.out() += line + "\r\n";
    co_await connection.flush(patience());
  }
  for (size_t i = 0; i < lines.size(); ++i) {
    if (!manners.pipelines) {
      connection.out() += lines[i] + "\r\n";
      co_await connection.flush(patience());
    }
    letter.reply = co_await read_reply(connection);
    if (i == 0 && !positive(letter.reply)) co_return false;
    if (i > 0 && positive(letter.reply)) letter.accepted.push_back(letter.to[i - 1]);
  }
  co_return !letter.accepted.empty();
}

// Sends the message to its end, or not. From the last octets on a broken
// connection leaves the client in the dark.
rt::Task<bool> message(io::Connection& connection, const Manners& manners, Letter& letter) {
  if (manners.chunks) {
    for (size_t at = 0; at < letter.text.size(); at += kChunkOctets) {
      std::string chunk = letter.text.substr(at, kChunkOctets);
      bool last = at + kChunkOctets >= letter.text.size();
      if (last && manners.hangs_up) co_return false;
      if (last) letter.told = Told::unknown;
      connection.out() += "BDAT " + std::to_string(chunk.size()) + (last ? " LAST\r\n" : "\r\n") + chunk;
      co_await connection.flush(patience());
      if (last) co_return true;
      letter.reply = co_await read_reply(connection);
      if (!positive(letter.reply)) co_return false;
    }
  }
  letter.reply = co_await ask(connection, "DATA");
  if (!letter.reply.starts_with('3')) co_return false;
  std::string text = dotted(letter.text);
  if (manners.hangs_up) {
    connection.out() += text.substr(0, text.size() / 2);
    co_await connection.flush(patience());
    co_return false;
  }
  if (manners.dawdles) {
    connection.out() += text;
    co_await connection.flush(patience());
    text.clear();
    co_await rt::sleep_for(std::chrono::seconds(12));
  }
  letter.told = Told::unknown;
  connection.out() += text + ".\r\n";
  co_await connection.flush(patience());
  co_return true;
}

void conclude(Letter& letter) {
  if (positive(letter.reply)) {
    letter.told = Told::accepted;
  } else if (letter.reply.starts_with('4') || letter.reply.starts_with('5')) {
    letter.told = Told::refused;
  }
}

rt::Task<void> converse(io::Connection& connection, tls::ClientContext& tls, const Manners& manners,
                        Letter& letter, Ledger& ledger) {
  if (!co_await introduce(connection, tls, manners, letter, ledger)) co_return;
  if (!co_await envelope(connection, manners, letter)) co_return;
  if (!co_await message(connection, manners, letter)) co_return;
  // LMTP answers once for each recipient (RFC 2033 §4.2); ours has one then.
  letter.reply = co_await read_reply(connection);
  conclude(letter);
  co_await ask(connection, "QUIT");
}

// What the reply of the server tells about the states that were reached.
void mark_reply(Ledger& ledger, const Letter& letter) {
  constexpr std::pair<std::string_view, std::string_view> marks[] = {
      {"452 4.2.2", "over quota"},
      {"552 5.3.4", "message too big"},
      {"550 5.1.1", "unknown recipient"},
      {"452 4.5.3", "too many recipients"},
      {"452 4.3.1", "server says its disk is full"},
      {"451 4.3.0", "server says it cannot store"},
      {"500 5.5.2 The line", "command line too long"},
      {"421 ", "server hangs up"},
      {"554 5.4.6", "loop refused"}};
  for (const auto& [code, name] : marks) {
    if (letter.reply.starts_with(code)) ledger.mark(std::string(name));
  }
  if (letter.smuggled && letter.told == Told::refused) ledger.mark("bare LF refused");
  if (letter.smuggled && letter.told == Told::accepted) ledger.mark("bare LF of a user made CRLF");
}

}  // namespace

Manners draw_manners(sim::SimRandom& random, bool submission) {
  Manners manners;
  manners.entrance = submission ? Entrance::submission : random.chance(15) ? Entrance::lmtp : Entrance::relay;
  manners.encrypts = random.chance(30);
  manners.pipelines = random.chance(40);
  manners.chunks = random.chance(30);
  manners.hangs_up = random.chance(8);
  manners.dawdles = random.chance(8);
  manners.wordy = random.chance(8);
  return manners;
}

rt::Task<void> send_letter(io::World& world, tls::ClientContext& tls, io::Endpoint to, Manners manners,
                           Letter& letter, Ledger& ledger) {
  try {
    io::Connection connection(co_await world.net.connect(to, patience()));
    co_await converse(connection, tls, manners, letter, ledger);
  } catch (const io::IoError& e) {
    if (letter.reply.empty()) letter.reply = e.what();
    if (letter.told == Told::unknown) ledger.mark("connection lost before the reply to a message");
  }
  if (letter.told == Told::accepted && letter.smuggled && !letter.of_a_user) {
    ledger.violation(letter.token + " has a bare LF in it and was accepted");
  }
  mark_reply(ledger, letter);
}

}  // namespace pabal::simulation

#include "agent/pop3_client.h"

#include <algorithm>

#include "agent/greeting.h"
#include "base/bytes.h"
#include "console/console.h"
#include "mail/encoding.h"
#include "store/hash.h"

namespace pabal::agent {

using proto::pop3::Status;

namespace {

constexpr Duration kTimeout = std::chrono::minutes(2);
constexpr uint64_t kBodyMax = uint64_t{1} << 30;
// RETRs on their way: enough to hide the distance, few enough that what they
// make the server send fits between us.
constexpr size_t kPipelineMax = 16;
constexpr size_t kAccountNameMax = 150;  // octets; a file is named by it

}  // namespace

Instant Pop3Client::deadline() const {
  return rt::Loop::current().now() + kTimeout;
}

bool Pop3Client::can(std::string_view capability) const {
  for (const std::string& line : capabilities_) {
    if (iequals(split(line, ' ').front(), capability)) return true;
  }
  return false;
}

void Pop3Client::refuse(const std::string& doing, const Status& status) const {
  std::string text = printable(status.text);
  if (!status.code.empty()) text = "[" + printable(status.code) + "] " + text;
  throw CommandError(options_.server.to_string() + " refuses " + doing + ": " + text);
}

// No two accounts have the same.
std::string Pop3Client::account_name() const {
  const std::string whole = user_ + "@" + options_.server.to_string();
  std::string name;
  for (char c : whole) {
    if (is_alnum(c) || c == '.' || c == '-' || c == '_' || c == '@') {
      name += c;
    } else {
      name += '%' + to_hex(std::string_view(&c, 1));
    }
  }
  return name.size() <= kAccountNameMax ? name : to_hex(store::sha256(whole));
}

rt::Task<void> Pop3Client::open(std::string user, std::string password) {
  user_ = user;
  link_ = co_await dial(world_, options_);
  conn_ = std::make_unique<io::Connection>(std::move(link_.stream));
  co_await expect_greeting(*conn_, Speaks::pop3, options_);
  Status greeting = co_await status();
  if (!greeting.ok) refuse("the connection", greeting);
  co_await capabilities();
  if (options_.tls == TlsMode::starttls) {
    Status answer = co_await command("STLS");
    if (!answer.ok) refuse("STLS", answer);
    // RFC 2595 §4: what came before TLS is not to be believed.
    if (!conn_->buffered().empty())
      throw CommandError(options_.server.to_string() + " sent text behind its answer to STLS");
    link_ = co_await secure(conn_->release(), options_);
    conn_->attach(std::move(link_.stream));
    co_await capabilities();
  }
  co_await login(std::move(user), std::move(password));
}

rt::Task<void> Pop3Client::capabilities() {
  capabilities_.clear();
  Status answer = co_await command("CAPA");
  if (!answer.ok) co_return;
  std::string text = co_await body();
  for (std::string_view line : split(text, '\n')) {
    if (!trim(line).empty()) capabilities_.emplace_back(trim(line));
  }
}

rt::Task<void> Pop3Client::login(std::string user, std::string password) {
  std::vector<std::string> mechanisms;
  for (const std::string& line : capabilities_) {
    std::vector<std::string_view> words = split(line, ' ');
    if (iequals(words.front(), "SASL")) mechanisms.assign(words.begin() + 1, words.end());
  }
  if (!mechanisms.empty()) {
    Login login = begin_login(world_, mechanisms, {.username = user, .password = password}, link_.bindings,
                              link_.plain_allowed, options_.server.to_string());
    co_await sasl(std::move(login));
    co_return;
  }
  if (!link_.plain_allowed) {
    throw CommandError(
        options_.server.to_string() +
        " takes the password only in the clear. Use --tls starttls or implicit, or --insecure.");
  }
  if ((user + password).find_first_of("\r\n") != std::string::npos)
    throw CommandError("a user name or password has no line ends");
  Status answer = co_await command("USER " + user);
  if (!answer.ok) refuse("the user " + user, answer);
  answer = co_await command("PASS " + password);
  if (!answer.ok) refuse("the log-in of " + user, answer);
}

rt::Task<void> Pop3Client::sasl(Login login) {
  std::string line = "AUTH " + std::string(proto::sasl::name(login.mechanism));
  std::optional<std::string> response = login.exchange.initial_response();
  if (response) {
    std::string encoded = mail::base64_encode(*response);
    // RFC 5034 §4: it has to fit into a command line, else it waits to be asked.
    if (line.size() + encoded.size() + 3 <= 255) {
      line += " " + (encoded.empty() ? "=" : encoded);
      response.reset();
    }
  }
  Status answer = co_await command(line);
  while (answer.is_challenge) {
    std::string say = "*";
    if (response) {
      say = mail::base64_encode(*response);
      response.reset();
    } else if (auto challenge = mail::base64_decode_strict(answer.text)) {
      auto next = login.exchange.step(*challenge);
      if (!next && next.error() == proto::sasl::ClientError::server_not_authentic)
        throw CommandError(options_.server.to_string() +
                           " does not know the password: this is not your server");
      if (next) say = mail::base64_encode(*next);
    }
    answer = co_await command(say);
  }
  if (!answer.ok) refuse("the log-in", answer);
  if (!login.exchange.finished())
    throw CommandError(options_.server.to_string() +
                       " says yes without having proved that it knows the password");
}

rt::Task<std::vector<Pop3Client::Entry>> Pop3Client::list() {
  std::vector<Entry> entries;
  Status answer = co_await command("LIST");
  if (!answer.ok) refuse("LIST", answer);
  std::string text = co_await body();
  for (std::string_view line : split(text, '\n')) {
    std::vector<std::string_view> words = split(trim(line), ' ');
    auto number = parse_uint(words.front());
    auto size = words.size() > 1 ? parse_uint(words[1]) : std::nullopt;
    if (number && *number <= UINT32_MAX && size)
      entries.push_back({static_cast<uint32_t>(*number), *size, {}});
  }
  answer = co_await command("UIDL");
  if (!answer.ok) co_return entries;
  text = co_await body();
  size_t at = 0;
  for (std::string_view line : split(text, '\n')) {
    std::vector<std::string_view> words = split(trim(line), ' ');
    auto number = parse_uint(words.front());
    if (!number || words.size() < 2) continue;
    while (at < entries.size() && entries[at].number < *number) ++at;
    if (at < entries.size() && entries[at].number == *number) entries[at].uid = words[1];
  }
  co_return entries;
}

void Pop3Client::request(std::vector<uint32_t> numbers, What what) {
  wanted_ = std::move(numbers);
  what_ = what == What::head && can("TOP") ? What::head : What::whole;
  sent_ = answered_ = 0;
}

size_t Pop3Client::ahead() const {
  return can("PIPELINING") ? kPipelineMax : 1;
}

void Pop3Client::send_ahead() {
  // Refilled when half is answered, so that several commands share one packet.
  if (sent_ - answered_ > ahead() / 2) return;
  for (; sent_ < wanted_.size() && sent_ - answered_ < ahead(); ++sent_) {
    std::string number = std::to_string(wanted_[sent_]);
    conn_->out() += (what_ == What::head ? "TOP " + number + " 0" : "RETR " + number) + "\r\n";
  }
}

rt::Task<std::string> Pop3Client::next() {
  verify(answered_ < wanted_.size(), "a message is taken once");
  send_ahead();
  co_await conn_->flush(deadline());
  Status answer = co_await status();
  if (!answer.ok) refuse("message " + std::to_string(wanted_[answered_]), answer);
  std::string text = co_await body();
  ++answered_;
  co_return text;
}

rt::Task<void> Pop3Client::remove(std::vector<uint32_t> numbers) {
  for (size_t at = 0; at < numbers.size(); at += ahead()) {
    size_t end = std::min(at + ahead(), numbers.size());
    for (size_t i = at; i < end; ++i) conn_->out() += "DELE " + std::to_string(numbers[i]) + "\r\n";
    co_await conn_->flush(deadline());
    for (size_t i = at; i < end; ++i) {
      Status answer = co_await status();
      if (!answer.ok) refuse("DELE " + std::to_string(numbers[i]), answer);
    }
  }
}

rt::Task<void> Pop3Client::quit() {
  Status answer = co_await command("QUIT");
  if (!answer.ok) refuse("QUIT", answer);
  conn_->stream().finish();
}

rt::Task<Status> Pop3Client::command(std::string line) {
  verify(sent_ == answered_, "no command comes between pipelined ones");
  conn_->out() += line + "\r\n";
  co_await conn_->flush(deadline());
  co_return co_await status();
}

rt::Task<Status> Pop3Client::status() {
  proto::pop3::StatusParser parser;
  for (;;) {
    std::string_view have = conn_->buffered();
    size_t before = have.size();
    auto read = parser.feed(have);
    conn_->consume(before - have.size());
    if (!read) {
      throw CommandError(options_.server.to_string() +
                         " gives no POP3 reply: " + std::string(to_text(read.error())));
    }
    if (*read) co_return std::move(**read);
    co_await fill();
  }
}

rt::Task<std::string> Pop3Client::body() {
  proto::pop3::BodyReader reader(kBodyMax);
  std::string text;
  for (;;) {
    std::string_view have = conn_->buffered();
    size_t before = have.size();
    auto done = reader.feed(have, text);
    conn_->consume(before - have.size());
    if (!done) {
      throw CommandError(options_.server.to_string() +
                         " sends no POP3 message: " + std::string(to_text(done.error())));
    }
    if (*done) co_return text;
    co_await fill();
  }
}

rt::Task<void> Pop3Client::fill() {
  Instant until = deadline();
  for (;;) {
    io::Connection::Fill filled = conn_->fill();
    if (filled == io::Connection::Fill::some) co_return;
    if (filled == io::Connection::Fill::eof)
      throw io::IoError(io::IoFault::closed, options_.server.to_string() + " closed the connection");
    co_await io::wait_readable(conn_->stream(), until);
  }
}

}  // namespace pabal::agent

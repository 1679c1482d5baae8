#include "peer.h"

#include <algorithm>

#include "base/bytes.h"
#include "tls/stream.h"

namespace pabal::deliver {

namespace {

constexpr size_t kLineMax = 1 << 20;

Instant patience() {
  return rt::Loop::current().now() + std::chrono::hours(2);
}

}  // namespace

Peer::Peer(sim::SimWorld& sim, std::string name, const std::string& ip)
    : world_(sim.host(name, {ip}).world()), name_(name), at_{*io::IpAddress::parse(ip), 25, {}} {}

size_t Peer::count(const std::string& line) const {
  return static_cast<size_t>(std::ranges::count(lines, line));
}

rt::Task<void> Peer::run() {
  listener_ = world_.net.listen(at_, {});
  while (!stopping_) {
    co_await listener_->ready(io::Interest::read, Instant::never());
    accept_all();
  }
  listener_.reset();
  co_await sessions_.join();
}

void Peer::accept_all() {
  try {
    while (std::unique_ptr<io::Stream> stream = listener_->try_accept()) {
      ++connections;
      sessions_.spawn(serve(std::move(stream)));
    }
  } catch (const io::IoError&) {
    // A fault of the simulated world; the next one may come.
  }
}

void Peer::stop() {
  stopping_ = true;
  listener_->wake();
}

rt::Task<void> Peer::serve(std::unique_ptr<io::Stream> stream) {
  ++open_now;
  io::Connection connection(std::move(stream));
  try {
    co_await converse(connection);
  } catch (const io::IoError&) {
    // The client has gone.
  }
  --open_now;
}

// False when the connection is to be dropped.
rt::Task<bool> Peer::say(io::Connection& connection, std::string reply) {
  if (reply.ends_with("drop")) co_return false;
  if (reply == "silent") co_return true;
  connection.out() += reply + "\r\n";
  co_await connection.flush(patience());
  co_return true;
}

std::string Peer::usual_answer(const std::string& line) const {
  std::string verb = to_upper(line.substr(0, 4));
  if (line == "(greeting)") return "220 " + name_ + " ready";
  if (verb == "EHLO") {
    if (!knows_ehlo) return "502 5.5.1 what is EHLO?";
    std::string reply = "250" + std::string(offers.empty() ? " " : "-") + name_;
    for (size_t i = 0; i < offers.size(); ++i)
      reply += "\r\n250" + std::string(i + 1 == offers.size() ? " " : "-") + offers[i];
    return reply;
  }
  if (verb == "HELO") return "250 " + name_;
  if (verb == "DATA") return "354 go on";
  if (verb == "QUIT") return "221 2.0.0 bye";
  if (verb == "STAR") return "220 2.0.0 ready for TLS";
  return "250 2.0.0 ok";
}

rt::Task<std::string> Peer::read_text(io::Connection& connection) {
  std::string text;
  for (;;) {
    std::string line = co_await connection.read_line(kLineMax, patience());
    if (line == ".\r\n") co_return text;
    if (line.starts_with('.')) line.erase(0, 1);
    text += line;
  }
}

rt::Task<void> Peer::converse(io::Connection& connection) {
  PeerMail mail;
  for (std::string line = "(greeting)";;) {
    std::string reply = answer ? answer(line) : "";
    if (reply.empty()) reply = usual_answer(line);
    bool positive = reply.starts_with('2');
    bool taken = positive || reply == "take and drop";
    if (line == "." && taken && !mail.rcpts.empty()) {
      mails.push_back(mail);
      if (on_mail) on_mail(mail);
    }
    bool going = co_await say(connection, reply);
    if (!going || line == "QUIT") co_return;
    if (line.starts_with("MAIL")) mail = {positive ? line : "", {}, {}};
    if (line.starts_with("RCPT") && positive && !mail.mail.empty()) mail.rcpts.push_back(line);
    if (line == "STARTTLS" && positive && tls != nullptr) {
      std::unique_ptr<tls::TlsStream> secured_stream =
          co_await tls::accept(connection.release(), *tls, patience());
      connection.attach(std::move(secured_stream));
      ++secured;
    }
    if (line.starts_with("DATA") && reply.starts_with('3')) {
      mail.text = co_await read_text(connection);
      line = ".";
      lines.push_back(line);
      continue;
    }
    if (line.starts_with("BDAT")) {
      size_t size = static_cast<size_t>(*parse_uint(split(line, ' ')[1]));
      while (connection.buffered().size() < size) {
        if (connection.fill() == io::Connection::Fill::nothing)
          co_await io::wait_readable(connection.stream(), patience());
      }
    }
    line = co_await connection.read_line(kLineMax, patience());
    line = trim(line);
    lines.push_back(line);
  }
}

}  // namespace pabal::deliver

#include "deliver/smtp_client.h"

#include <algorithm>

namespace pabal::deliver {

namespace {

namespace smtp = proto::smtp;
using io::IoError;
using io::IoFault;

constexpr size_t kBlockOctets = 64 * 1024;

Instant after(Duration timeout) {
  return rt::Loop::current().now() + timeout;
}

}  // namespace

void OpenClients::cut() {
  cut_ = true;
  for (SmtpClient* client : clients_) client->cut();
}

SmtpClient::SmtpClient(std::unique_ptr<io::Stream> stream, std::string host, OpenClients& open)
    : open_(open), host_(std::move(host)), connection_(std::move(stream)), cut_(open.cut_) {
  open_.clients_.insert(this);
}

SmtpClient::~SmtpClient() {
  open_.clients_.erase(this);
}

rt::Task<void> SmtpClient::start_tls(tls::ClientContext& context, Duration timeout) {
  if (!connection_.buffered().empty())
    throw IoError(IoFault::tls, host_ + " sent text behind its reply to STARTTLS");
  in_handshake_ = true;
  std::unique_ptr<tls::TlsStream> secured =
      co_await tls::connect(connection_.release(), context, host_, after(timeout));
  in_handshake_ = false;
  tls_ = secured.get();
  connection_.attach(std::move(secured));
  if (dialogue_ == nullptr) co_return;
  tls::TlsInfo info = tls_->info();
  std::string trust = info.verified ? "certificate trusted" : "certificate not trusted";
  if (!info.reason.empty()) trust += ": " + info.reason;
  dialogue_->note(info.version + " " + info.cipher + ", " + trust);
}

rt::Task<smtp::Reply> SmtpClient::greeting(Duration timeout) {
  expect_reply();
  co_return co_await reply(timeout);
}

rt::Task<smtp::Reply> SmtpClient::command(std::string line, Duration timeout, std::string shown) {
  if (shown.empty()) {
    queue(line);
  } else {
    connection_.out() += line + "\r\n";
    if (dialogue_ != nullptr) dialogue_->sent(shown);
    expect_reply();
  }
  co_await flush(timeout);
  co_return co_await reply(timeout);
}

void SmtpClient::queue(const std::string& line) {
  connection_.out() += line + "\r\n";
  if (dialogue_ != nullptr) dialogue_->sent(line);
  expect_reply();
}

void SmtpClient::expect_reply() {
  asked_.push_back(rt::Loop::current().now());
}

rt::Task<void> SmtpClient::flush(Duration timeout) {
  if (cut_) throw IoError(IoFault::closed, "this server is stopping");
  co_await connection_.flush(after(timeout));
}

rt::Task<smtp::Reply> SmtpClient::reply(Duration timeout) {
  verify(!asked_.empty(), "a reply answers something");
  Instant deadline = after(timeout);
  for (;;) {
    std::string_view have = connection_.buffered();
    size_t before = have.size();
    auto read = parser_.feed(have);
    connection_.consume(before - have.size());
    if (!read) {
      throw IoError(IoFault::other,
                    host_ + " gives no SMTP reply: " + std::string(smtp::to_text(read.error())));
    }
    if (*read) {
      if (dialogue_ != nullptr) dialogue_->received(**read, rt::Loop::current().now() - asked_.front());
      asked_.pop_front();
      co_return std::move(**read);
    }
    if (cut_) throw IoError(IoFault::closed, "this server is stopping");
    switch (connection_.fill()) {
      case io::Connection::Fill::some:
        break;
      case io::Connection::Fill::eof:
        throw IoError(IoFault::closed, host_ + " closed the connection");
      case io::Connection::Fill::nothing:
        co_await io::wait_readable(connection_.stream(), deadline);
        break;
    }
  }
}

rt::Task<void> SmtpClient::send_text(std::string_view wire, Duration block_timeout) {
  while (!wire.empty()) {
    if (cut_) throw IoError(IoFault::closed, "this server is stopping");
    std::string_view block = wire.substr(0, kBlockOctets);
    co_await io::write_all(connection_.stream(), block, after(block_timeout));
    wire.remove_prefix(block.size());
  }
}

rt::Task<void> SmtpClient::quit(Duration timeout) {
  try {
    co_await command("QUIT", timeout);
  } catch (const IoError&) {
    // RFC 5321 §4.1.1.10 wants us to wait for the reply; nothing depends on it.
  }
  connection_.stream().finish();
}

bool SmtpClient::went_stale() {
  try {
    return connection_.fill() != io::Connection::Fill::nothing;
  } catch (const IoError&) {
    return true;
  }
}

void SmtpClient::cut() {
  cut_ = true;
  // A handshake has its own, short deadline.
  if (!in_handshake_) connection_.stream().wake();
}

}  // namespace pabal::deliver

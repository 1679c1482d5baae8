// SmtpClient: our side of one SMTP connection. Sends commands, reads replies,
// writes the dialogue; what to say is decided in open.cc and transaction.cc.
// All calls throw IoError when the connection breaks, a deadline passes, the
// peer speaks no SMTP, or OpenClients::cut() was called; it is of no use then.
#pragma once

#include <deque>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "deliver/dialogue.h"
#include "io/connection.h"
#include "proto/smtp/capabilities.h"
#include "proto/smtp/reply_parser.h"
#include "tls/stream.h"

namespace pabal::deliver {

class SmtpClient;

// All that are open, so that a shutdown can end them.
class OpenClients {
 public:
  void cut();
  size_t size() const { return clients_.size(); }

 private:
  friend class SmtpClient;
  std::set<SmtpClient*> clients_;
  bool cut_ = false;
};

class SmtpClient {
 public:
  // host: the server as the route names it.
  SmtpClient(std::unique_ptr<io::Stream> stream, std::string host, OpenClients& open);
  ~SmtpClient();

  const std::string& host() const { return host_; }
  proto::smtp::Capabilities& can() { return can_; }
  const proto::smtp::Capabilities& can() const { return can_; }
  io::Connection& connection() { return connection_; }
  // Every attempt writes its own dialogue; nullptr between them.
  void write_to(Dialogue* dialogue) { dialogue_ = dialogue; }

  // The reply that the server gives unasked: its greeting.
  rt::Task<proto::smtp::Reply> greeting(Duration timeout);
  // One command and its reply. shown: what the dialogue has in its place.
  rt::Task<proto::smtp::Reply> command(std::string line, Duration timeout, std::string shown = {});

  // Pipelining (RFC 2920): queue commands, then take their replies in order.
  void queue(const std::string& line);
  size_t queued_octets() { return connection_.out().size(); }
  rt::Task<void> flush(Duration timeout);
  rt::Task<proto::smtp::Reply> reply(Duration timeout);

  // Message text as it goes over the wire; `block_timeout` for each block.
  rt::Task<void> send_text(std::string_view wire, Duration block_timeout);
  // The text has gone out: the next reply answers it.
  void expect_reply();

  // QUIT, without regard to what the server says. Does not throw.
  rt::Task<void> quit(Duration timeout);

  // For the idle time: true when the server has sent something or closed, so
  // that the connection is not to be used any more.
  bool went_stale();

  // The handshake, after 220 to STARTTLS or at once. What came in the clear
  // behind the 220 could have been put there by anybody: it breaks the
  // connection (RFC 3207 §6).
  rt::Task<void> start_tls(tls::ClientContext& context, Duration timeout);
  bool encrypted() const { return tls_ != nullptr; }
  const tls::TlsStream* tls() const { return tls_; }

  size_t mails = 0;          // transactions begun on this connection
  bool needs_reset = false;  // a transaction is open on the server's side

 private:
  friend class OpenClients;
  // Makes whatever waits here throw, now or at its next wait.
  void cut();

  OpenClients& open_;
  std::string host_;
  io::Connection connection_;
  proto::smtp::Capabilities can_;
  proto::smtp::ReplyParser parser_;
  tls::TlsStream* tls_ = nullptr;  // within connection_
  bool in_handshake_ = false;
  std::deque<Instant> asked_;  // when each unanswered command was queued
  Dialogue* dialogue_ = nullptr;
  bool cut_ = false;
};

}  // namespace pabal::deliver

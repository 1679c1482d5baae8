// Session: one SMTP or LMTP connection. session.cc holds the one loop that does
// all that is common (deadline, reading, parsing, dispatch, writing, counting,
// error budget, shutdown); each command has a file of its own, whose handler
// checks, then acts, and returns the reply.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "intake/incoming.h"
#include "io/connection.h"
#include "proto/sasl/server.h"
#include "proto/smtp/capabilities.h"
#include "proto/smtp/command.h"
#include "proto/smtp/reply.h"
#include "receive/smtpd.h"

namespace pabal::receive {

namespace smtp = proto::smtp;

using listen::Service;

class Session final : public listen::Session {
 public:
  Session(Smtpd& smtpd, std::unique_ptr<io::Stream> stream, listen::Visitor visitor);
  ~Session() override { end_transaction(); }

  rt::Task<void> run() override;
  void wake() override { connection_.wake(); }

 private:
  // From MAIL to the end of DATA: RFC 5321 §3.3.
  struct MailTransaction {
    intake::Envelope envelope;
    std::optional<uint64_t> declared_size;
    std::string message;    // what has arrived of it
    uint64_t octets = 0;    // arrived, kept or not
    bool chunking = false;  // the first BDAT has come
    bool bare_line_end = false;
    bool spoilt = false;     // a chunk was refused: the rest is read and thrown away
    char last_octet = '\n';  // of the chunk before, for a CR LF split over two
  };

  // session.cc
  rt::Task<bool> next_line(std::string& line, size_t max, Instant deadline);
  rt::Task<void> handle(std::string line);
  rt::Task<void> say(rt::Task<smtp::Reply> answer);
  smtp::Reply on(smtp::Rset);
  smtp::Reply on(smtp::Noop);
  smtp::Reply on(smtp::Vrfy);
  smtp::Reply on(smtp::Expn);
  smtp::Reply on(smtp::Help);
  rt::Task<void> on(smtp::Quit);
  rt::Task<void> on(smtp::StartTls);
  void reply(const smtp::Reply& reply);
  void close_with(const smtp::Reply& last);
  bool is_lmtp() const { return visitor_.listener.service == Service::lmtp; }
  // Whoever has logged in hands in mail of his own, on whatever port.
  bool is_submission() const { return visitor_.listener.service == Service::submission || authenticated_; }
  bool may_relay() const { return authenticated_ != nullptr || trusted_; }
  // Who may not is not told of success and gets nothing back but the header: the
  // reverse-path may be anybody's, and the report would go to him.
  bool may_ask_for_reports() const { return may_relay() || is_lmtp(); }
  // A user or a machine of our own network: its mail is completed (RFC 6409 §8).
  bool is_ours() const { return may_relay() && !is_lmtp(); }
  Instant after(Duration d) const { return rt::Loop::current().now() + d; }

  // rcpt.cc: "<bob>" of those who may leave the domain out becomes an address of the
  // default domain. False: it stays without one.
  rt::Task<bool> complete(mail::Address& address);

  // hello.cc
  smtp::Reply on(smtp::Helo command);
  smtp::Reply on(smtp::Ehlo command);
  smtp::Reply on(smtp::Lhlo command);
  smtp::Reply hello(std::string domain, bool extended);
  smtp::Capabilities offered() const;
  // One file per command.
  rt::Task<smtp::Reply> on(smtp::MailFrom command);
  rt::Task<smtp::Reply> on(smtp::RcptTo command);
  rt::Task<void> on(smtp::Auth command);
  rt::Task<void> on(smtp::Data);
  rt::Task<void> on(smtp::Bdat command);
  rt::Task<bool> over_quota(const directory::Account& account);
  rt::Task<void> read_more();
  std::optional<smtp::Reply> chunk_refusal(uint64_t octets) const;
  rt::Task<void> refuse_chunk(smtp::Bdat command, smtp::Reply refused);
  rt::Task<void> read_chunk(uint64_t octets);
  void take_chunk(std::string_view piece);

  // refusal.cc: every refusal leaves a trace.
  void trace(const smtp::Reply& refusal) const;

  // message.cc: what DATA and the last BDAT have in common.
  smtp::Reply no_recipients() const;
  rt::Task<void> finish_message();
  std::optional<smtp::Reply> refusal(const MailTransaction& tx) const;
  rt::Task<std::optional<smtp::Reply>> complete_submission(MailTransaction& tx);
  intake::Origin origin(const MailTransaction& tx) const;
  void reply_to_message(const smtp::Reply& one, std::string_view id,
                        const std::vector<std::string>& recipients);
  bool has_room(uint64_t more) const;
  void count_received(uint64_t octets);
  void end_transaction();

  // auth.cc
  rt::Task<std::optional<smtp::Reply>> authenticate(smtp::Auth command);
  bool auth_allowed() const;
  smtp::Reply auth_done(directory::Account account);
  class LoginLines;
  smtp::Reply auth_failed(bool last);

  Smtpd& smtpd_;
  listen::Visitor visitor_;
  io::Connection connection_;
  const io::IpAddress peer_;
  const bool local_socket_;  // peer_ means nothing
  std::string helo_;         // as the client sent it: any octets
  std::string command_;      // that is being answered; without credentials
  std::unique_ptr<directory::Account> authenticated_;
  uint64_t login_seen_ = 0;  // of Directory::may_stay
  std::unique_ptr<MailTransaction> tx_;
  uint64_t held_octets_ = 0;  // our share of Smtpd::receiving_octets_
  int errors_ = 0;
  bool extended_ = false;  // EHLO or LHLO, not HELO
  bool trusted_ = false;
  bool closing_ = false;
};

}  // namespace pabal::receive

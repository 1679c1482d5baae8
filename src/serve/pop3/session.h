// One POP3 session: AUTHORIZATION, TRANSACTION, and UPDATE at QUIT (RFC 1939
// §3). The loop in session.cc does what is common to all commands; their
// handlers, one file per group, return a Reply.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/connection.h"
#include "proto/pop3/command.h"
#include "proto/sasl/mechanism.h"
#include "serve/pop3/reply.h"
#include "serve/pop3/server.h"
#include "serve/pop3/texts.h"

namespace pabal::serve::pop3 {

class Session final : public listen::Session {
 public:
  Session(Context& context, std::unique_ptr<io::Stream> stream, listen::Visitor visitor)
      : context_(context),
        visitor_(std::move(visitor)),
        peer_(visitor_.peer.to_string()),
        conn_(std::move(stream)) {}

  // Never throws.
  rt::Task<void> run() override;
  void wake() override { conn_.wake(); }

 private:
  enum class State : unsigned char { authorization, transaction };

  // A mail of the maildrop as it was at login; its number is its place plus one.
  struct Entry {
    Uid uid;
    MessageId message;
    uint64_t size_octets = 0;
    bool deleted = false;
  };

  // Of what is not marked as deleted.
  struct Totals {
    uint64_t messages = 0, octets = 0;
  };

  struct Input {
    enum Kind { line, eof, idle, too_long, shutdown } kind = line;
    std::string text;  // without its line end
  };

  // session.cc: the loop
  rt::Task<void> converse();
  rt::Task<void> secure();
  rt::Task<Input> next_line(size_t max);
  rt::Task<Reply> answer(Input input);
  Reply complaint(const proto::pop3::SyntaxError& error) const;
  rt::Task<Reply> dispatch(proto::pop3::Command command);
  rt::Task<void> send(Reply reply);
  rt::Task<void> send_message(std::string message);
  rt::Task<void> flush();
  bool within_error_budget(Reply& reply);
  void log_end(std::string_view why);
  Instant idle_deadline() const;

  Reply ok(Text text, std::initializer_list<std::string_view> values = {}) const;
  // code: a response code (RFC 2449 §8), or "".
  Reply err(std::string_view code, Text text, std::initializer_list<std::string_view> values = {}) const;

  // authorization.cc
  rt::Task<Reply> on(proto::pop3::User command);
  rt::Task<Reply> on(proto::pop3::Pass command);
  rt::Task<Reply> on(proto::pop3::Auth command);
  rt::Task<Reply> on(proto::pop3::Apop command);
  rt::Task<Reply> on(proto::pop3::Stls command);
  bool may_log_in() const { return directory::Gate::is_open(visitor_); }
  bool offers_stls() const { return context_.server.offers_starttls(visitor_); }
  class LoginLines;
  rt::Task<Reply> exchange(proto::sasl::Mechanism mechanism, std::optional<std::string> initial_response);
  rt::Task<Reply> settle(directory::Login login);
  rt::Task<Reply> open_maildrop(directory::Account account);

  // capability.cc
  rt::Task<Reply> on(proto::pop3::Capa command);
  rt::Task<Reply> on(proto::pop3::Utf8 command);
  rt::Task<Reply> on(proto::pop3::Lang command);

  // maildrop.cc
  rt::Task<Reply> on(proto::pop3::Stat command);
  rt::Task<Reply> on(proto::pop3::List command);
  rt::Task<Reply> on(proto::pop3::Uidl command);
  rt::Task<Reply> on(proto::pop3::Dele command);
  rt::Task<Reply> on(proto::pop3::Rset command);
  rt::Task<Reply> on(proto::pop3::Noop command);
  rt::Task<Reply> on(proto::pop3::Quit command);
  std::optional<Reply> refuse_number(uint32_t number) const;
  std::string unique_id(const Entry& entry) const;
  Totals totals() const;
  Reply maildrop_reply() const;

  // retrieve.cc
  rt::Task<Reply> on(proto::pop3::Retr command);
  rt::Task<Reply> on(proto::pop3::Top command);
  rt::Task<std::optional<Reply>> load(uint32_t number, std::optional<uint32_t> lines, std::string& message);

  Context& context_;
  listen::Visitor visitor_;
  std::string peer_;
  io::Connection conn_;
  State state_ = State::authorization;
  Lang lang_ = Lang::en;
  bool utf8_ = false;
  int errors_ = 0;
  uint64_t sent_ = 0, deleted_ = 0;  // for the log
  std::string user_;                 // of USER
  directory::Account account_;
  uint64_t login_seen_ = 0;  // of Directory::may_stay
  std::optional<MaildropLocks::Lock> lock_;
  UidValidity uid_validity_;
  std::vector<Entry> mails_;
};

}  // namespace pabal::serve::pop3

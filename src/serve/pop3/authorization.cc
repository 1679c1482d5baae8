// The AUTHORIZATION state: USER and PASS (RFC 1939 §7), AUTH (RFC 5034),
// STLS (RFC 2595 §4), APOP refused, and the opening of the maildrop.
#include "mail/encoding.h"
#include "serve/pop3/session.h"
#include "store/mailboxes.h"

namespace pabal::serve::pop3 {

namespace wire = proto::pop3;
namespace sasl = proto::sasl;

rt::Task<Reply> Session::on(wire::User command) {
  if (!may_log_in()) co_return err("", Text::tls_first);
  user_ = std::move(command.name);
  co_return ok(Text::password_next);
}

rt::Task<Reply> Session::on(wire::Pass command) {
  if (!may_log_in()) co_return err("", Text::tls_first);
  if (user_.empty()) co_return err("", Text::user_first);
  std::string name = std::move(user_);
  user_.clear();
  directory::Login login = co_await context_.gate.log_in(context_.directory, visitor_, std::move(name),
                                                         std::move(command.password));
  co_return co_await settle(std::move(login));
}

rt::Task<Reply> Session::on(wire::Apop) {
  co_return err("", Text::apop_absent);
}

rt::Task<Reply> Session::on(wire::Stls) {
  if (visitor_.secured) co_return err("", Text::tls_active);
  if (!offers_stls()) co_return err("", Text::tls_absent);
  if (utf8_) co_return err("", Text::tls_before_utf8);  // RFC 6856 §2.1
  Reply reply = ok(Text::tls_begin);
  reply.then = Reply::Then::start_tls;
  if (!conn_.buffered().empty()) {
    // Whoever sits between could have put it there to be taken as said under TLS.
    reply = err("", Text::text_behind_stls);
    reply.then = Reply::Then::close;
  }
  user_.clear();
  co_return reply;
}

rt::Task<Reply> Session::on(wire::Auth command) {
  if (!may_log_in()) co_return err("", Text::tls_first);
  if (command.mechanism.empty()) {
    Reply reply = ok(Text::mechanisms_follow);
    for (const std::string& name : directory::Gate::mechanisms(visitor_))
      reply.lines.append(name).append("\r\n");
    reply.lines += ".\r\n";
    co_return reply;
  }
  auto mechanism = directory::Gate::find_mechanism(visitor_, command.mechanism);
  if (!mechanism) co_return err("", Text::mechanism_unknown);
  std::optional<std::string> initial_response;
  if (command.initial_response) {
    initial_response = mail::base64_decode_strict(*command.initial_response);
    if (!initial_response) co_return err("", Text::bad_base64);
  }
  co_return co_await exchange(*mechanism, std::move(initial_response));
}

// Carries the lines of an exchange; keeps what there is to say if it breaks off.
class Session::LoginLines final : public directory::SaslPeer {
 public:
  explicit LoginLines(Session& session) : session_(session) {}

  rt::Task<Answer> respond(std::string challenge) override {
    session_.conn_.out().append("+ ").append(mail::base64_encode(challenge)).append("\r\n");
    Input input = co_await session_.next_line(wire::kAuthLineMax);
    if (input.kind != Input::line) {
      refusal = co_await session_.answer(std::move(input));
      co_return Answer{Answer::gone, {}};
    }
    if (input.text == "*") co_return Answer{Answer::cancelled, {}};
    auto decoded = mail::base64_decode_strict(input.text);
    if (decoded) co_return Answer{Answer::response, std::move(*decoded)};
    refusal = session_.err("", Text::bad_base64);
    co_return Answer{Answer::malformed, {}};
  }

  std::optional<Reply> refusal;

 private:
  Session& session_;
};

rt::Task<Reply> Session::exchange(sasl::Mechanism mechanism, std::optional<std::string> initial_response) {
  LoginLines lines(*this);
  directory::Login login = co_await context_.gate.log_in(context_.directory, visitor_, mechanism,
                                                         std::move(initial_response), lines);
  if (lines.refusal) co_return std::move(*lines.refusal);
  co_return co_await settle(std::move(login));
}

rt::Task<Reply> Session::settle(directory::Login login) {
  if (login.last) {
    Reply reply = err("AUTH", Text::login_given_up);
    reply.then = Reply::Then::close;
    co_return reply;
  }
  switch (login.kind) {
    case directory::Login::granted:
      co_return co_await open_maildrop(std::move(*login.account));
    case directory::Login::disabled:
      co_return err("AUTH", Text::login_disabled);
    case directory::Login::refused:
      co_return err("AUTH", Text::login_refused);
    case directory::Login::cancelled:
      co_return err("", Text::auth_cancelled);
    case directory::Login::malformed:
    case directory::Login::gone:
      break;
  }
  co_return err("", Text::auth_malformed);
}

rt::Task<Reply> Session::open_maildrop(directory::Account account) {
  auto lock = context_.locks.try_lock(account.id);
  if (!lock) co_return err("IN-USE", Text::in_use);

  MailboxId inbox = account.inbox;
  auto query = [](store::Database& db, MailboxId id) {
    return std::pair(store::uid_validity(db, id).value_or(UidValidity{}), store::list_mails(db, id));
  };
  auto [uid_validity, mails] = co_await context_.store.read(query, inbox);
  uid_validity_ = uid_validity;
  mails_.reserve(mails.size());
  for (const store::Mail& mail : mails)
    mails_.push_back({.uid = mail.uid, .message = mail.message, .size_octets = mail.size_octets});
  lock_ = std::move(lock);
  account_ = std::move(account);
  state_ = State::transaction;
  user_.clear();
  context_.world.log.info("pop3.login",
                          {{"peer", peer_}, {"account", account_.address}, {"messages", mails_.size()}});
  co_return maildrop_reply();
}

}  // namespace pabal::serve::pop3

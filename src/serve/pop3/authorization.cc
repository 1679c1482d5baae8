// The AUTHORIZATION state: USER and PASS (RFC 1939 §7), AUTH (RFC 5034),
// STLS (RFC 2595 §4), APOP refused, and the opening of the maildrop.
#include "directory/authenticate.h"
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
  co_return co_await check_password(std::move(name), std::move(command.password));
}

rt::Task<Reply> Session::on(wire::Apop) {
  co_return err("", Text::apop_absent);
}

rt::Task<Reply> Session::on(wire::Stls) {
  if (tls_) co_return err("", Text::tls_active);
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

bool Session::offers_stls() const {
  return !tls_ && listener_.tls == TlsMode::starttls && service_.tls != nullptr;
}

std::vector<std::string_view> Session::mechanisms() const {
  if (!may_log_in()) return {};
  std::vector<std::string_view> names;
  if (bindings_.available()) names.push_back(sasl::name(sasl::Mechanism::scram_sha_256_plus));
  for (auto mechanism : {sasl::Mechanism::scram_sha_256, sasl::Mechanism::plain, sasl::Mechanism::login})
    names.push_back(sasl::name(mechanism));
  return names;
}

rt::Task<Reply> Session::on(wire::Auth command) {
  if (!may_log_in()) co_return err("", Text::tls_first);
  if (command.mechanism.empty()) {
    Reply reply = ok(Text::mechanisms_follow);
    for (std::string_view name : mechanisms()) reply.lines.append(name).append("\r\n");
    reply.lines += ".\r\n";
    co_return reply;
  }
  auto mechanism = sasl::parse_mechanism(command.mechanism);
  if (!mechanism || (*mechanism == sasl::Mechanism::scram_sha_256_plus && !bindings_.available()))
    co_return err("", Text::mechanism_unknown);
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
  sasl::ServerOptions options{.nonce = service_.world.random.token(24),
                              .fake_salt_key = service_.options.fake_salt_key,
                              .bindings = bindings_,
                              .plus_offered = bindings_.available()};
  LoginLines lines(*this);
  directory::Login login = co_await directory::authenticate(service_.directory, mechanism, std::move(options),
                                                            std::move(initial_response), lines);
  switch (login.kind) {
    case directory::Login::granted:
      co_return co_await open_maildrop(std::move(*login.account));
    case directory::Login::disabled:
      trace_login(login.name, login.why);
      co_return err("AUTH", Text::login_disabled);
    case directory::Login::refused:
      co_return co_await refuse_login(std::move(login.name), login.why);
    case directory::Login::cancelled:
      co_return err("", Text::auth_cancelled);
    case directory::Login::malformed:
      co_return lines.refusal.value_or(err("", Text::auth_malformed));
    case directory::Login::gone:
      break;
  }
  co_return std::move(*lines.refusal);
}

rt::Task<Reply> Session::check_password(std::string name, std::string password) {
  auto account = co_await service_.directory.check_password(name, std::move(password));
  if (!account) co_return co_await refuse_login(std::move(name), "wrong password");
  co_return co_await open_maildrop(std::move(*account));
}

void Session::trace_login(const std::string& name, std::string_view why) const {
  service_.world.log.warning("pop3.auth_failed", {{"peer", peer_}, {"user", name}, {"reason", why}});
  if (service_.options.refusals != nullptr) {
    std::string ip = peer_.substr(0, peer_.rfind(':'));
    service_.options.refusals->note_login(ip, "POP3", name, why);
  }
}

rt::Task<Reply> Session::refuse_login(std::string name, std::string_view why) {
  ++service_.counters.auth_failures;
  ++auth_failures_;
  trace_login(name, why);
  auto delay = std::chrono::microseconds(service_.options.auth_failure_delay);
  if (delay.count() > 0) {
    auto more = static_cast<int64_t>(service_.world.random.number() % static_cast<uint64_t>(delay.count()));
    co_await rt::sleep_for(delay + std::chrono::microseconds(more));
  }
  if (auth_failures_ < service_.options.auth_failures_max) co_return err("AUTH", Text::login_refused);
  Reply reply = err("AUTH", Text::login_given_up);
  reply.then = Reply::Then::close;
  co_return reply;
}

rt::Task<Reply> Session::open_maildrop(directory::Account account) {
  if (account.disabled) {
    trace_login(account.address, "account is disabled");
    co_return err("AUTH", Text::login_disabled);
  }
  auto lock = service_.locks.try_lock(account.id);
  if (!lock) co_return err("IN-USE", Text::in_use);

  MailboxId inbox = account.inbox;
  auto query = [](store::Database& db, MailboxId id) {
    return std::pair(store::uid_validity(db, id).value_or(UidValidity{}), store::list_mails(db, id));
  };
  auto [uid_validity, mails] = co_await service_.store.read(query, inbox);
  uid_validity_ = uid_validity;
  mails_.reserve(mails.size());
  for (const store::Mail& mail : mails)
    mails_.push_back({.uid = mail.uid, .message = mail.message, .size_octets = mail.size_octets});
  lock_ = std::move(lock);
  account_ = std::move(account);
  state_ = State::transaction;
  user_.clear();
  ++service_.counters.logins;
  service_.world.log.info("pop3.login",
                          {{"peer", peer_}, {"account", account_.address}, {"messages", mails_.size()}});
  co_return maildrop_reply();
}

}  // namespace pabal::serve::pop3

// STARTTLS, LOGIN, AUTHENTICATE (RFC 9051 §6.2, RFC 4959) and UNAUTHENTICATE (RFC 8437).
#include "base/bytes.h"
#include "mail/encoding.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

namespace {

constexpr size_t kResponseLineMax = 12288;  // as SMTP has it, RFC 4954 §4

}  // namespace

// Carries the lines of an exchange.
class Session::LoginLines final : public directory::SaslPeer {
 public:
  explicit LoginLines(Session& session) : session_(session) {}
  rt::Task<Answer> respond(std::string challenge) override {
    return session_.exchange_line(std::move(challenge));
  }

 private:
  Session& session_;
};

rt::Task<Outcome> Session::on(wire::StartTls) {
  if (visitor_.secured) co_return bad("TLS is active already");
  if (!offers_starttls()) co_return bad("there is no STARTTLS here");
  if (!conn_.buffered().empty()) {
    // Whoever sits between could have put it there to be taken as said under TLS.
    bye("nothing may follow STARTTLS before TLS begins");
    co_return Outcome{.then = Outcome::Then::close, .said = true};
  }
  Outcome outcome = ok("begin TLS now");
  outcome.then = Outcome::Then::start_tls;
  co_return outcome;
}

rt::Task<Outcome> Session::on(wire::Login command) {
  if (!may_log_in()) co_return no("PRIVACYREQUIRED", "use STARTTLS first");
  directory::Login login = co_await service_.gate.log_in(
      service_.directory, visitor_, std::move(command.user), std::move(command.password));
  co_return settle(std::move(login));
}

rt::Task<Outcome> Session::on(wire::Authenticate command) {
  if (!may_log_in()) co_return no("PRIVACYREQUIRED", "use STARTTLS first");
  auto mechanism = directory::Gate::find_mechanism(visitor_, command.mechanism);
  if (!mechanism) co_return no("CANNOT", "there is no such mechanism here; see AUTH= in CAPABILITY");
  std::optional<std::string> initial;
  if (command.initial_response) {
    initial = mail::base64_decode_strict(*command.initial_response);
    if (!initial) co_return bad("the initial response is not base64");
  }
  LoginLines lines(*this);
  directory::Login login =
      co_await service_.gate.log_in(service_.directory, visitor_, *mechanism, std::move(initial), lines);
  if (login.kind == directory::Login::malformed)
    co_return bad("that is not what " + command.mechanism + " wants");
  co_return settle(std::move(login));
}

rt::Task<directory::SaslPeer::Answer> Session::exchange_line(std::string challenge) {
  using Answer = directory::SaslPeer::Answer;
  out().append("+ ").append(mail::base64_encode(challenge)).append("\r\n");
  receiver_.next();
  Instant deadline = idle_deadline();
  for (;;) {
    while (!conn_.buffered().empty()) {
      wire::Receiver::Result result = receiver_.feed_line(conn_.buffered(), kResponseLineMax);
      conn_.consume(result.taken);
      if (result.kind == wire::Receiver::Result::more) break;
      std::string line(receiver_.command());
      receiver_.next();
      if (result.kind != wire::Receiver::Result::command) co_return Answer{Answer::malformed, {}};
      if (line == "*") co_return Answer{Answer::cancelled, {}};
      std::optional<std::string> decoded = mail::base64_decode_strict(line);
      if (!decoded) co_return Answer{Answer::malformed, {}};
      co_return Answer{Answer::response, std::move(*decoded)};
    }
    Event event = co_await wait_for_input(deadline, false);
    if (event == Event::input) continue;
    if (event == Event::deadline) bye("too slow to log in");
    if (event == Event::stopped) bye("the server is going down, come back in a moment", "UNAVAILABLE");
    co_return Answer{Answer::gone, {}};
  }
}

Outcome Session::settle(directory::Login login) {
  if (login.last) bye("too many failed logins");
  switch (login.kind) {
    case directory::Login::granted:
      return logged_in(std::move(*login.account));
    case directory::Login::disabled:
    case directory::Login::refused:
      return no("AUTHENTICATIONFAILED", "wrong name or password");
    case directory::Login::cancelled:
      return bad("cancelled");
    case directory::Login::malformed:
    case directory::Login::gone:
      break;
  }
  closing_ = true;
  return Outcome{.then = Outcome::Then::close, .said = true};
}

Outcome Session::logged_in(directory::Account account) {
  service_.world.log.info("imap.login", {{"peer", peer_}, {"account", account.address}});
  account_ = std::make_unique<directory::Account>(std::move(account));
  login_seen_ = 0;
  service_.reading.views.watch_account(account_->id, *this);
  receiver_.set_limits(receiver_limits());
  return ok("welcome", "CAPABILITY " + capabilities());
}

void Session::log_out() {
  leave_mailbox();
  stop_notify();
  if (account_) service_.reading.views.unwatch_account(account_->id, *this);
  account_.reset();
}

rt::Task<void> Session::check_login() {
  directory::Account account = *account_;
  std::string trouble;
  try {
    bool stays = co_await service_.directory.may_stay(std::move(account), login_seen_);
    if (!stays) bye("your account is disabled, or its password has changed: log in again");
  } catch (const store::StoreError& e) {
    trouble = e.what();  // the next command asks again
  }
  if (!trouble.empty()) log_store_failed("login", trouble);
}

rt::Task<Outcome> Session::on(wire::Unauthenticate) {
  log_out();
  condstore_ = qresync_ = utf8_ = rev2_ = uid_only_ = false;
  receiver_.set_limits(receiver_limits());
  co_return ok("logged out, log in again", "CAPABILITY " + capabilities());
}

}  // namespace pabal::serve::imap

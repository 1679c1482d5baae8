// STARTTLS, LOGIN, AUTHENTICATE (RFC 9051 §6.2, RFC 4959) and UNAUTHENTICATE (RFC 8437).
#include "base/bytes.h"
#include "directory/authenticate.h"
#include "mail/encoding.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

namespace sasl = proto::sasl;

namespace {

constexpr size_t kResponseLineMax = 12288;  // as SMTP has it, RFC 4954 §4
constexpr int kDelayDoublingsMax = 5;

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

bool Session::offers_starttls() const {
  return !tls_ && listener_.tls == TlsMode::starttls && service_.tls != nullptr;
}

rt::Task<Outcome> Session::on(wire::StartTls) {
  if (tls_) co_return bad("TLS is active already");
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
  auto account = co_await service_.directory.check_password(command.user, std::move(command.password));
  if (!account) co_return co_await refuse_login(std::move(command.user), "wrong password");
  if (account->disabled) co_return co_await refuse_login(std::move(command.user), "account is disabled");
  co_return logged_in(std::move(*account));
}

rt::Task<Outcome> Session::on(wire::Authenticate command) {
  if (!may_log_in()) co_return no("PRIVACYREQUIRED", "use STARTTLS first");
  auto mechanism = sasl::parse_mechanism(command.mechanism);
  if (!mechanism || (*mechanism == sasl::Mechanism::scram_sha_256_plus && !bindings_.available()))
    co_return no("CANNOT", "there is no such mechanism here; see AUTH= in CAPABILITY");
  std::optional<std::string> initial;
  if (command.initial_response) {
    initial = mail::base64_decode_strict(*command.initial_response);
    if (!initial) co_return bad("the initial response is not base64");
  }
  sasl::ServerOptions options{.nonce = service_.world.random.token(24),
                              .fake_salt_key = service_.options.fake_salt_key,
                              .bindings = bindings_,
                              .plus_offered = bindings_.available()};
  LoginLines lines(*this);
  directory::Login login = co_await directory::authenticate(service_.directory, *mechanism,
                                                            std::move(options), std::move(initial), lines);
  switch (login.kind) {
    case directory::Login::granted:
      co_return logged_in(std::move(*login.account));
    case directory::Login::disabled:
    case directory::Login::refused:
      co_return co_await refuse_login(std::move(login.name), login.why);
    case directory::Login::malformed:
      co_return bad("that is not what " + command.mechanism + " wants");
    case directory::Login::cancelled:
      co_return bad("cancelled");
    case directory::Login::gone:
      break;
  }
  closing_ = true;
  co_return Outcome{.then = Outcome::Then::close, .said = true};
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

// Guessing takes longer with each try, and then the connection.
rt::Task<Outcome> Session::refuse_login(std::string name, std::string_view why) {
  ++service_.counters.auth_failures;
  service_.world.log.warning("imap.auth_failed", {{"peer", peer_}, {"user", name}, {"reason", why}});
  if (service_.options.refusals != nullptr) {
    std::string ip = peer_.substr(0, peer_.rfind(':'));
    service_.options.refusals->note_login(ip, "IMAP", name, why);
  }
  int doublings = std::min(auth_failures_, kDelayDoublingsMax);
  co_await rt::sleep_for(service_.options.auth_failure_delay * (1 << doublings));
  if (++auth_failures_ >= service_.options.auth_failures_max) bye("too many failed logins");
  co_return no("AUTHENTICATIONFAILED", "wrong name or password");
}

Outcome Session::logged_in(directory::Account account) {
  ++service_.counters.logins;
  service_.world.log.info("imap.login", {{"peer", peer_}, {"account", account.address}});
  account_ = std::make_unique<directory::Account>(std::move(account));
  login_seen_ = 0;
  service_.views.watch_account(account_->id, *this);
  auth_failures_ = 0;
  receiver_.set_limits(receiver_limits());
  return ok("welcome", "CAPABILITY " + capabilities());
}

void Session::log_out() {
  leave_mailbox();
  stop_notify();
  if (account_) service_.views.unwatch_account(account_->id, *this);
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

// AUTH (RFC 4954).
#include "base/bytes.h"
#include "mail/encoding.h"
#include "proto/smtp/replies.h"
#include "receive/session.h"

namespace pabal::receive {

namespace replies = smtp::replies;
namespace sasl = proto::sasl;

// Only where users hand in mail: on port 25 there is nobody to log in, only
// passwords to guess. And over TLS only, unless the listener was told otherwise.
bool Session::auth_allowed() const {
  if (visitor_.listener.service != Service::submission) return false;
  return directory::Gate::is_open(visitor_);
}

rt::Task<void> Session::on(smtp::Auth command) {
  std::optional<smtp::Reply> answer = co_await authenticate(std::move(command));
  if (answer) reply(*answer);
}

// Carries the lines of an exchange.
class Session::LoginLines final : public directory::SaslPeer {
 public:
  explicit LoginLines(Session& session) : session_(session) {}

  rt::Task<Answer> respond(std::string challenge) override {
    session_.reply(replies::auth_challenge(mail::base64_encode(challenge)));
    std::string line;
    Instant deadline = session_.after(session_.smtpd_.options_.command_timeout);
    bool got = co_await session_.next_line(line, smtp::kAuthLineMax, deadline);
    if (!got) co_return Answer{Answer::gone, {}};
    if (line == "*") co_return Answer{Answer::cancelled, {}};
    std::optional<std::string> response = mail::base64_decode_strict(line);
    bad_base64 = !response;
    if (bad_base64) co_return Answer{Answer::malformed, {}};
    co_return Answer{Answer::response, std::move(*response)};
  }

  bool bad_base64 = false;

 private:
  Session& session_;
};

// nullopt: what there is to say has been said.
rt::Task<std::optional<smtp::Reply>> Session::authenticate(smtp::Auth command) {
  if (!extended_) co_return replies::hello_first();
  if (authenticated_) co_return replies::auth_already_done();
  if (tx_) co_return replies::auth_in_transaction();
  if (visitor_.listener.service != Service::submission) co_return replies::auth_not_offered();
  if (!auth_allowed()) co_return replies::auth_needs_tls();
  std::optional<sasl::Mechanism> mechanism = directory::Gate::find_mechanism(visitor_, command.mechanism);
  if (!mechanism) co_return replies::auth_unknown_mechanism(join(directory::Gate::mechanisms(visitor_), " "));

  std::optional<std::string> initial;
  if (command.initial_response) {
    initial = mail::base64_decode_strict(*command.initial_response);
    if (!initial) co_return replies::auth_bad_base64();
  }
  LoginLines lines(*this);
  directory::Login login =
      co_await smtpd_.gate_.log_in(smtpd_.directory_, visitor_, *mechanism, std::move(initial), lines);
  switch (login.kind) {
    case directory::Login::granted:
      co_return auth_done(std::move(*login.account));
    case directory::Login::disabled:
    case directory::Login::refused:
      co_return auth_failed(login.last);
    case directory::Login::cancelled:
      co_return replies::auth_cancelled();
    case directory::Login::malformed:
      co_return lines.bad_base64 ? replies::auth_bad_base64() : replies::auth_bad_response();
    case directory::Login::gone:
      break;
  }
  co_return std::nullopt;
}

smtp::Reply Session::auth_done(directory::Account account) {
  smtpd_.world_.log.info("smtp.authenticated", {{"peer", peer_.to_string()}, {"account", account.address}});
  authenticated_ = std::make_unique<directory::Account>(std::move(account));
  login_seen_ = 0;
  return replies::auth_succeeded();
}

smtp::Reply Session::auth_failed(bool last) {
  if (!last) return replies::auth_failed();
  reply(replies::auth_failed());
  closing_ = true;
  return replies::too_many_errors(smtpd_.options_.hostname);
}

}  // namespace pabal::receive

#include "directory/authenticate.h"

#include "mail/precis.h"

namespace pabal::directory {

namespace sasl = proto::sasl;

namespace {

Login refused(std::string name, std::string why) {
  return {.kind = Login::refused, .name = std::move(name), .why = std::move(why)};
}

Login granted(std::optional<Account> account, std::string name) {
  if (!account) return refused(std::move(name), "wrong password");
  if (account->disabled)
    return {.kind = Login::disabled, .name = std::move(name), .why = "account is disabled"};
  return {.kind = Login::granted, .account = std::move(account), .name = std::move(name)};
}

Login failed(sasl::Failure why, std::string name) {
  if (why == sasl::Failure::malformed || why == sasl::Failure::too_long)
    return {.kind = Login::malformed, .name = std::move(name)};
  return refused(std::move(name),
                 why == sasl::Failure::channel_binding ? "channel binding" : "wrong password");
}

bool acts_as_another(const std::string& authzid, const std::string& authcid) {
  return !authzid.empty() && mail::fold_address(authzid) != mail::fold_address(authcid);
}

}  // namespace

rt::Task<Login> authenticate(Directory& directory, sasl::Mechanism mechanism, sasl::ServerOptions options,
                             std::optional<std::string> initial, SaslPeer& peer) {
  sasl::ServerExchange exchange(mechanism, std::move(options));
  std::string name;
  sasl::Step step = exchange.start(initial);
  for (;;) {
    if (auto* asks = std::get_if<sasl::Challenge>(&step)) {
      rt::Task<SaslPeer::Answer> waiting = peer.respond(std::move(asks->bytes));
      SaslPeer::Answer answer = co_await waiting;
      if (answer.kind == SaslPeer::Answer::cancelled) co_return Login{.kind = Login::cancelled, .name = name};
      if (answer.kind == SaslPeer::Answer::malformed) co_return Login{.kind = Login::malformed, .name = name};
      if (answer.kind == SaslPeer::Answer::gone) co_return Login{.kind = Login::gone, .name = name};
      step = exchange.step(answer.octets);
    } else if (auto* wants = std::get_if<sasl::WantSecret>(&step)) {
      name = wants->authcid;
      ScramAnswer answer = co_await directory.scram_secret(name);
      step = exchange.secret(answer.secret, answer.stranger);
    } else if (auto* password = std::get_if<sasl::CheckPassword>(&step)) {
      name = password->authcid;
      if (acts_as_another(password->authzid, name)) co_return refused(name, "would act as another");
      auto account = co_await directory.check_password(name, std::move(password->password));
      co_return granted(std::move(account), name);
    } else if (auto* done = std::get_if<sasl::Done>(&step)) {
      name = done->authcid;
      if (acts_as_another(done->authzid, name)) co_return refused(name, "would act as another");
      auto account = co_await directory.account(name);
      co_return granted(std::move(account), name);
    } else {
      co_return failed(std::get<sasl::Failed>(step).why, name);
    }
  }
}

}  // namespace pabal::directory

#include "directory/gate.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/verify.h"
#include "directory/tallies.h"
#include "journey/refusals.h"
#include "mail/precis.h"

namespace pabal::directory {

namespace sasl = proto::sasl;

namespace {

constexpr const char* kWrongPassword = "wrong password";
constexpr const char* kDisabled = "account is disabled";

Login refused(std::string name, std::string why) {
  return {.kind = Login::refused, .name = std::move(name), .why = std::move(why)};
}

Login granted(std::optional<Account> account, std::string name) {
  if (!account) return refused(std::move(name), kWrongPassword);
  if (account->disabled) return {.kind = Login::disabled, .name = std::move(name), .why = kDisabled};
  return {.kind = Login::granted, .account = std::move(account), .name = std::move(name)};
}

Login failed(sasl::Failure why, std::string name) {
  if (why == sasl::Failure::malformed || why == sasl::Failure::too_long)
    return {.kind = Login::malformed, .name = std::move(name), .why = "malformed"};
  return refused(std::move(name), why == sasl::Failure::channel_binding ? "channel binding" : kWrongPassword);
}

// For whoever reads the log. The client is not told: it could learn which accounts there are.
rt::Task<Login> explained(Directory& directory, Login login) {
  if (login.kind != Login::refused || login.why != kWrongPassword) co_return login;
  std::optional<Account> account = co_await directory.account(login.name);
  if (account && account->disabled) login.why = kDisabled;
  co_return login;
}

bool acts_as_another(const std::string& authzid, const std::string& authcid) {
  return !authzid.empty() && mail::fold_address(authzid) != mail::fold_address(authcid);
}

std::vector<sasl::Mechanism> offered(const listen::Visitor& visitor) {
  if (!Gate::is_open(visitor)) return {};
  using enum sasl::Mechanism;
  std::vector<sasl::Mechanism> out;
  if (visitor.secured.bindings.available()) out.push_back(scram_sha_256_plus);
  for (sasl::Mechanism mechanism : {scram_sha_256, plain, login}) out.push_back(mechanism);
  return out;
}

}  // namespace

Gate::Gate(io::World& world, Options options, journey::Refusals* refusals)
    : world_(world),
      options_(std::move(options)),
      refusals_(refusals),
      tallies_(std::make_unique<Tallies>(options_.failure_delay)) {}
Gate::~Gate() = default;

bool Gate::is_open(const listen::Visitor& visitor) {
  return visitor.secured || visitor.listener.plaintext_auth;
}

std::vector<std::string> Gate::mechanisms(const listen::Visitor& visitor) {
  std::vector<std::string> names;
  for (sasl::Mechanism mechanism : offered(visitor)) names.emplace_back(sasl::name(mechanism));
  return names;
}

std::optional<sasl::Mechanism> Gate::find_mechanism(const listen::Visitor& visitor, std::string_view name) {
  std::optional<sasl::Mechanism> mechanism = sasl::parse_mechanism(name);
  std::vector<sasl::Mechanism> here = offered(visitor);
  if (mechanism && std::ranges::find(here, *mechanism) == here.end()) return std::nullopt;
  return mechanism;
}

rt::Task<Login> Gate::log_in(Directory& directory, listen::Visitor& visitor, std::string name,
                             std::string password) {
  verify(is_open(visitor), "no password goes over an open line");
  co_await wait_turn(visitor, name);
  std::optional<Account> account = co_await directory.check_password(name, std::move(password));
  Login login = granted(std::move(account), std::move(name));
  login = co_await explained(directory, std::move(login));
  co_return co_await settle(visitor, std::move(login), "");
}

rt::Task<Login> Gate::log_in(Directory& directory, listen::Visitor& visitor, sasl::Mechanism mechanism,
                             std::optional<std::string> initial, SaslPeer& peer) {
  verify(is_open(visitor), "no password goes over an open line");
  Login login = co_await exchange(directory, visitor, mechanism, std::move(initial), peer);
  login = co_await explained(directory, std::move(login));
  co_return co_await settle(visitor, std::move(login), sasl::name(mechanism));
}

rt::Task<Login> Gate::exchange(Directory& directory, const listen::Visitor& visitor,
                               sasl::Mechanism mechanism, std::optional<std::string> initial,
                               SaslPeer& peer) {
  const sasl::ChannelBindings& bindings = visitor.secured.bindings;
  sasl::ServerExchange exchange(mechanism, {.nonce = world_.random.token(24),
                                            .fake_salt_key = options_.fake_salt_key,
                                            .bindings = bindings,
                                            .plus_offered = bindings.available()});
  std::string name;
  sasl::Step step = exchange.start(initial);
  for (;;) {
    if (auto* asks = std::get_if<sasl::Challenge>(&step)) {
      rt::Task<SaslPeer::Answer> waiting = peer.respond(std::move(asks->bytes));
      SaslPeer::Answer answer = co_await waiting;
      if (answer.kind == SaslPeer::Answer::cancelled) co_return Login{.kind = Login::cancelled, .name = name};
      if (answer.kind == SaslPeer::Answer::malformed)
        co_return Login{.kind = Login::malformed, .name = name, .why = "malformed"};
      if (answer.kind == SaslPeer::Answer::gone) co_return Login{.kind = Login::gone, .name = name};
      step = exchange.step(answer.octets);
    } else if (auto* wants = std::get_if<sasl::WantSecret>(&step)) {
      name = wants->authcid;
      co_await wait_turn(visitor, name);
      ScramAnswer answer = co_await directory.scram_secret(name);
      step = exchange.secret(answer.secret, answer.stranger);
    } else if (auto* password = std::get_if<sasl::CheckPassword>(&step)) {
      name = password->authcid;
      if (acts_as_another(password->authzid, name)) co_return refused(name, "would act as another");
      std::string given = std::move(password->password);
      co_await wait_turn(visitor, name);
      auto account = co_await directory.check_password(name, std::move(given));
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

rt::Task<void> Gate::wait_turn(const listen::Visitor& visitor, std::string name) {
  Duration wait = tallies_->turn(visitor.peer.ip, mail::fold_address(name), rt::Loop::current().now());
  if (wait > Duration(0)) co_await rt::sleep_for(wait);
}

// Guessing takes longer with each try, and the session after a few.
rt::Task<Login> Gate::settle(listen::Visitor& visitor, Login login, std::string_view how) {
  const Instant now = rt::Loop::current().now();
  const std::string account = mail::fold_address(login.name);
  switch (login.kind) {
    case Login::granted:
      tallies_->succeeded(visitor.peer.ip, account, now);
      visitor.login_failures = 0;
      ++visitor.counters->logins;
      break;
    case Login::disabled:
    case Login::refused:
      ++visitor.counters->auth_failures;
      trace(visitor, login, how);
      co_await rt::sleep_for(tallies_->failed(visitor.peer.ip, account, now));
      login.last = ++visitor.login_failures >= options_.failures_max;
      break;
    case Login::malformed:
      trace(visitor, login, how);
      break;
    case Login::cancelled:
    case Login::gone:
      break;
  }
  co_return login;
}

void Gate::trace(const listen::Visitor& visitor, const Login& login, std::string_view how) {
  const std::string peer = visitor.peer_ip();
  world_.log.warning(std::string(visitor.protocol) + ".auth_failed",
                     {{"peer", peer}, {"user", login.name}, {"mechanism", how}, {"reason", login.why}});
  std::string protocol = to_upper(visitor.protocol);
  if (!how.empty()) protocol.append(" ").append(how);
  if (refusals_ != nullptr) refusals_->note_login(peer, protocol, login.name, login.why);
}

}  // namespace pabal::directory

#include "deliver/auth.h"

#include <algorithm>

#include "deliver/replies.h"
#include "mail/encoding.h"
#include "rt/offload.h"

namespace pabal::deliver {

namespace {

namespace sasl = proto::sasl;
using proto::smtp::Reply;

std::vector<std::string> usable_mechanisms(SmtpClient& client) {
  std::vector<std::string> offered = client.can().auth;
  if (!client.encrypted())
    std::erase_if(offered, [](const std::string& name) { return name == "PLAIN" || name == "LOGIN"; });
  return offered;
}

sasl::ChannelBindings bindings_of(const SmtpClient& client) {
  sasl::ChannelBindings bindings;
  if (!client.encrypted()) return bindings;
  // RFC 9266 §3: in TLS 1.2 the exporter may not be unique.
  if (client.tls()->info().version == "TLSv1.3")
    bindings.tls_exporter = client.tls()->channel_binding_exporter();
  bindings.tls_server_end_point = client.tls()->channel_binding_server_end_point();
  return bindings;
}

// The exchange goes to another thread for a step, and comes back.
using Stepped = std::pair<sasl::ClientExchange, std::expected<std::string, sasl::ClientError>>;
Stepped step(sasl::ClientExchange exchange, const std::string& challenge) {
  auto answer = exchange.step(challenge);
  return {std::move(exchange), std::move(answer)};
}

Outcome not_authenticated(const SmtpClient& client, std::string reason) {
  Outcome outcome = delayed("4.7.8", std::move(reason));
  outcome.remote_mta = client.host();
  return outcome;
}

}  // namespace

rt::Task<std::optional<Outcome>> authenticate(io::World& world, SmtpClient& client,
                                              sasl::Credentials credentials, Duration timeout) {
  std::vector<std::string> offered = usable_mechanisms(client);
  sasl::ClientOptions options;
  options.bindings = bindings_of(client);
  auto mechanism = sasl::choose_mechanism(offered, options.bindings.available());
  if (!mechanism)
    co_return not_authenticated(client, client.host() + " offers no way to log in that we may use");
  options.nonce = world.random.token(24);
  options.plus_not_offered =
      options.bindings.available() && std::ranges::find(offered, "SCRAM-SHA-256-PLUS") == offered.end();
  sasl::ClientExchange exchange(*mechanism, std::move(credentials), std::move(options));

  std::string line = "AUTH " + std::string(sasl::name(*mechanism));
  std::string shown = line;
  if (auto initial = exchange.initial_response()) {
    line += ' ' + (initial->empty() ? "=" : mail::base64_encode(*initial));
    shown += " ***";
  }
  Reply reply = co_await client.command(line, timeout, shown);
  while (reply.code == 334) {
    auto challenge = mail::base64_decode_strict(reply.text());
    std::optional<std::string> response;
    if (challenge) {
      Stepped stepped =
          co_await rt::offload(world.blocking, step, std::move(exchange), std::move(*challenge));
      exchange = std::move(stepped.first);
      if (stepped.second) response = mail::base64_encode(*stepped.second);
    }
    reply = co_await client.command(response.value_or("*"), timeout, response ? "***" : "*");
    if (!response) break;  // cancelled (RFC 4954 §4); any success now is none
  }
  if (reply.code == 235 && exchange.finished()) co_return std::nullopt;
  Outcome outcome = not_authenticated(client, "");
  outcome.reply = reply_text(reply);
  if (reply.code == 235) outcome.reason = client.host() + " did not prove that it knows the password";
  co_return outcome;
}

}  // namespace pabal::deliver

#include "deliver/open.h"

#include "base/bytes.h"
#include "deliver/auth.h"
#include "deliver/replies.h"

namespace pabal::deliver {

namespace {

namespace smtp = proto::smtp;
using route::TlsDemand;

using Opened = std::expected<std::unique_ptr<SmtpClient>, Outcome>;

Outcome not_usable(const SmtpClient& client, const smtp::Reply& reply) {
  Outcome outcome = outcome_of(reply, client.host());
  outcome.kind = Outcome::delayed;
  outcome.status = reply.is_transient() && !reply.enhanced.empty() ? reply.enhanced : "4.3.2";
  return outcome;
}

Outcome not_usable(const SmtpClient& client, std::string status, std::string reason) {
  Outcome outcome = delayed(std::move(status), std::move(reason));
  outcome.remote_mta = client.host();
  return outcome;
}

// EHLO, or HELO to a server that does not know it (RFC 5321 §3.2).
rt::Task<std::optional<Outcome>> say_hello(const Opening& opening, SmtpClient& client) {
  Duration timeout = opening.options.timeouts.hello;
  smtp::Reply reply = co_await client.command("EHLO " + opening.options.hostname, timeout);
  client.can() = {};
  if (reply.code == 250) {
    client.can() = smtp::parse_capabilities(reply);
    co_return std::nullopt;
  }
  if (!reply.is_permanent()) co_return not_usable(client, reply);
  reply = co_await client.command("HELO " + opening.options.hostname, timeout);
  if (reply.code != 250) co_return not_usable(client, reply);
  co_return std::nullopt;
}

std::optional<Outcome> greeted_by_ourselves(const Opening& opening, const SmtpClient& client,
                                            const smtp::Reply& greeting) {
  std::string_view name = greeting.lines.front();
  name = name.substr(0, name.find(' '));
  if (!iequals(name, opening.options.hostname)) return std::nullopt;
  Outcome outcome = failed("5.4.6", client.host() + " greets as " + opening.options.hostname +
                                        ": it is this server itself, which does not serve the domain");
  outcome.remote_mta = client.host();
  return outcome;
}

// From a connection to "ready for MAIL". handshake_failed: TLS was tried and
// did not come about, the connection is lost.
rt::Task<std::optional<Outcome>> introduce(const Opening& opening, SmtpClient& client, const route::Hop& hop,
                                           TlsDemand tls, const route::Route& route, bool& handshake_failed) {
  const Timeouts& timeouts = opening.options.timeouts;
  bool may_encrypt = tls != TlsDemand::none && opening.tls != nullptr;
  bool must_encrypt = tls == TlsDemand::required || tls == TlsDemand::implicit;
  if (tls == TlsDemand::implicit && may_encrypt)
    co_await client.start_tls(*opening.tls, timeouts.tls_handshake);

  smtp::Reply greeting = co_await client.greeting(timeouts.greeting);
  if (greeting.code != 220) co_return not_usable(client, greeting);
  std::optional<Outcome> trouble;
  if (!hop.configured) trouble = greeted_by_ourselves(opening, client, greeting);
  if (!trouble) trouble = co_await say_hello(opening, client);
  if (trouble) co_return trouble;

  if (may_encrypt && !client.encrypted() && client.can().start_tls) {
    smtp::Reply ready = co_await client.command("STARTTLS", timeouts.hello);
    if (ready.code == 220) {
      handshake_failed = true;
      co_await client.start_tls(*opening.tls, timeouts.tls_handshake);
      handshake_failed = false;
      // What was said in the clear does not count any more (RFC 3207 §4.2).
      trouble = co_await say_hello(opening, client);
      if (trouble) co_return trouble;
    }
  }
  if (must_encrypt && !client.encrypted())
    co_return not_usable(client, "4.7.4", client.host() + " offers no TLS, which is required for it");
  if (must_encrypt && !client.tls()->info().verified) {
    co_return not_usable(
        client, "4.7.5",
        "the certificate of " + client.host() + " is not right: " + client.tls()->info().reason);
  }
  if (!route.username.empty()) {
    proto::sasl::Credentials credentials{"", route.username, route.password};
    co_return co_await authenticate(opening.world, client, std::move(credentials), timeouts.hello);
  }
  co_return std::nullopt;
}

Outcome broken(const std::string& host, const io::IoError& error) {
  bool timeout = error.fault() == io::IoFault::timeout;
  // RFC 3463 §3.5: 4.4.1 no answer from host, 4.4.2 bad connection, 4.7.5
  // cryptographic failure.
  std::string status =
      error.fault() == io::IoFault::tls ? "4.7.5"
      : timeout || error.fault() == io::IoFault::refused || error.fault() == io::IoFault::unreachable
          ? "4.4.1"
          : "4.4.2";
  Outcome outcome = delayed(std::move(status), error.what());
  outcome.remote_mta = host;
  return outcome;
}

}  // namespace

rt::Task<Opened> open_client(Opening opening, route::Hop hop, io::Endpoint to, const route::Route& route,
                             Dialogue& dialogue) {
  TlsDemand tls = hop.tls;
  for (;;) {
    bool handshake_failed = false;
    Outcome trouble;
    std::unique_ptr<SmtpClient> client;
    try {
      Instant begun = rt::Loop::current().now();
      std::unique_ptr<io::Stream> stream =
          co_await opening.world.net.connect(to, begun + opening.options.timeouts.connect);
      auto took = rt::Loop::current().now() - begun;
      dialogue.note("connected to " + hop.host + " [" + to.to_string() + "] (" +
                    std::to_string(took.count() / 1000) + " ms)");
      client = std::make_unique<SmtpClient>(std::move(stream), hop.host, opening.clients);
      client->write_to(&dialogue);
      std::optional<Outcome> refused =
          co_await introduce(opening, *client, hop, tls, route, handshake_failed);
      if (!refused) co_return client;
      trouble = std::move(*refused);
    } catch (const io::IoError& error) {
      trouble = broken(hop.host, error);
      dialogue.note(error.what());
      client.reset();
    }
    if (handshake_failed && tls == TlsDemand::opportunistic) {
      // RFC 7435 §3: a broken TLS must not be worse than none.
      dialogue.note("TLS failed: once more without");
      tls = TlsDemand::none;
      continue;
    }
    if (client) co_await client->quit(opening.options.timeouts.quit);
    co_return std::unexpected(std::move(trouble));
  }
}

}  // namespace pabal::deliver

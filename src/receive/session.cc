#include "receive/session.h"

#include "base/bytes.h"
#include "proto/smtp/replies.h"
#include "tls/stream.h"

namespace pabal::receive {

namespace replies = smtp::replies;

namespace {
// Pipelined replies are sent together, but not without bound.
constexpr size_t kFlushAbove = 16 * 1024;
constexpr size_t kShownMax = 1000;  // of a line that is refused
constexpr Duration kHandshakeTimeout = std::chrono::minutes(1);
}  // namespace

Session::Session(Smtpd& smtpd, std::unique_ptr<io::Stream> stream, ListenerOptions listener)
    : smtpd_(smtpd), listener_(listener), connection_(std::move(stream)) {
  io::Endpoint peer = connection_.stream().peer();
  peer_ = peer.ip;
  local_socket_ = !peer.path.empty();
  for (const io::IpPrefix& network : smtpd_.options_.trusted_networks)
    trusted_ |= !local_socket_ && network.contains(peer_);
  smtpd_.sessions_.insert(this);
}

Session::~Session() {
  end_transaction();
  smtpd_.sessions_.erase(this);
}

rt::Task<void> Session::run() {
  if (listener_.tls == TlsMode::implicit) co_await secure(after(kHandshakeTimeout));
  reply(replies::greeting(smtpd_.options_.hostname, is_lmtp()));
  std::string line;
  while (!closing_) {
    bool got =
        co_await next_line(line, smtpd_.options_.command_octets_max, after(smtpd_.options_.command_timeout));
    if (!got) continue;
    try {
      co_await handle(std::move(line));
    } catch (const store::StoreError& e) {
      smtpd_.world_.log.error("smtp.store_failed", {{"peer", peer_.to_string()}, {"reason", e.what()}});
      close_with(replies::internal_error(smtpd_.options_.hostname));
    } catch (const std::bad_alloc&) {
      smtpd_.world_.log.error("smtp.session_failed",
                              {{"peer", peer_.to_string()}, {"reason", "out of memory"}});
      close_with(replies::internal_error(smtpd_.options_.hostname));
    }
  }
  co_await connection_.flush(after(smtpd_.options_.write_timeout));
  connection_.stream().finish();
}

// The next command line, without its line ending. False: there is none, and
// what is to be said about that has been said (the session may be over).
rt::Task<bool> Session::next_line(std::string& line, size_t max, Instant deadline) {
  // What is refused here was no answer to the command before. Lines of an AUTH
  // exchange are secrets.
  auto refuse = [&](std::string_view text) {
    command_ = max == smtp::kAuthLineMax ? "AUTH" : std::string(text.substr(0, kShownMax));
  };
  for (;;) {
    if (std::optional<std::string_view> found = connection_.line()) {
      size_t whole = found->size();
      if (whole > max + 2) {
        refuse(*found);
        connection_.consume(whole);
        reply(replies::line_too_long(max));
        co_return false;
      }
      // RFC 5321 §2.3.8: only CRLF ends a line. Scripts in our own network may be
      // sloppy: a line is all that they can end with it, never a message.
      bool crlf = found->ends_with("\r\n");
      line.assign(found->substr(0, whole - (crlf ? 2 : 1)));
      connection_.consume(whole);
      if (!crlf && !may_relay()) {
        refuse(line);
        reply(replies::bare_line_end());
        co_return false;
      }
      if (connection_.out().size() > kFlushAbove)
        co_await connection_.flush(after(smtpd_.options_.write_timeout));
      co_return true;
    }
    if (connection_.buffered().size() > max + 2) {
      close_with(replies::line_too_long(max));
      co_return false;
    }
    switch (connection_.fill()) {
      case io::Connection::Fill::some:
        continue;
      case io::Connection::Fill::eof:
        closing_ = true;
        co_return false;
      case io::Connection::Fill::nothing:
        break;
    }
    co_await connection_.flush(after(smtpd_.options_.write_timeout));
    if (smtpd_.stopping_) {
      close_with(replies::shutting_down(smtpd_.options_.hostname));
      co_return false;
    }
    if (co_await connection_.readable(deadline) == rt::Wake::deadline) {
      close_with(replies::idle_timeout(smtpd_.options_.hostname));
      co_return false;
    }
  }
}

rt::Task<void> Session::handle(std::string line) {
  command_ = istarts_with(line, "AUTH") ? line.substr(0, line.find_first_of(" \t", 5)) : line;
  std::expected<smtp::Command, smtp::SyntaxError> parsed = smtp::parse_command(line, true);
  if (!parsed) {
    reply(replies::syntax(parsed.error()));
    co_return;
  }
  smtp::Command& command = *parsed;
  if (auto* c = std::get_if<smtp::Helo>(&command)) {
    reply(is_lmtp() ? replies::lhlo_only() : hello(std::move(c->domain), false));
  } else if (auto* c = std::get_if<smtp::Ehlo>(&command)) {
    reply(is_lmtp() ? replies::lhlo_only() : hello(std::move(c->domain), true));
  } else if (auto* c = std::get_if<smtp::Lhlo>(&command)) {
    reply(is_lmtp() ? hello(std::move(c->domain), true) : replies::lhlo_not_here());
  } else if (auto* c = std::get_if<smtp::MailFrom>(&command)) {
    smtp::Reply answer = co_await on(std::move(*c));
    reply(answer);
  } else if (auto* c = std::get_if<smtp::RcptTo>(&command)) {
    smtp::Reply answer = co_await on(std::move(*c));
    reply(answer);
  } else if (std::holds_alternative<smtp::Data>(command)) {
    co_await on(smtp::Data{});
  } else if (auto* c = std::get_if<smtp::Bdat>(&command)) {
    co_await on(*c);
  } else if (auto* c = std::get_if<smtp::Auth>(&command)) {
    co_await on(std::move(*c));
  } else if (std::holds_alternative<smtp::StartTls>(command)) {
    co_await start_tls();
  } else if (std::holds_alternative<smtp::Rset>(command)) {
    end_transaction();
    reply(replies::reset());
  } else if (std::holds_alternative<smtp::Noop>(command)) {
    reply(replies::noop());
  } else if (std::holds_alternative<smtp::Vrfy>(command)) {
    reply(replies::vrfy_not_checked());
  } else if (std::holds_alternative<smtp::Expn>(command)) {
    reply(replies::expn_refused());
  } else if (std::holds_alternative<smtp::Help>(command)) {
    reply(replies::help(smtpd_.options_.hostname));
  } else if (std::holds_alternative<smtp::Quit>(command)) {
    close_with(replies::closing(smtpd_.options_.hostname));
  }
}

void Session::reply(const smtp::Reply& reply) {
  connection_.out() += to_wire(reply);
  if (!reply.is_positive()) trace(reply);
  if (reply.is_permanent() && ++errors_ > smtpd_.options_.errors_max && !closing_) {
    smtpd_.world_.log.info("smtp.too_many_errors", {{"peer", peer_.to_string()}, {"last", reply.text()}});
    close_with(replies::too_many_errors(smtpd_.options_.hostname));
  }
}

void Session::close_with(const smtp::Reply& last) {
  closing_ = true;
  connection_.out() += to_wire(last);
}

rt::Task<void> Session::start_tls() {
  if (!tls_info_.empty()) {
    reply(replies::tls_already_active());
    co_return;
  }
  if (smtpd_.tls_ == nullptr || listener_.tls != TlsMode::starttls) {
    reply(replies::not_implemented("STARTTLS"));
    co_return;
  }
  // What is already here was sent in the clear behind STARTTLS; reading it as
  // if it had come through TLS is the hole of CVE-2011-0411.
  if (!connection_.buffered().empty()) {
    close_with(replies::text_behind_starttls(smtpd_.options_.hostname));
    co_return;
  }
  Instant deadline = after(kHandshakeTimeout);
  reply(replies::ready_for_tls());
  co_await connection_.flush(deadline);
  co_await secure(deadline);
  // RFC 3207 §4.2: both sides forget what they learnt in the clear.
  helo_.clear();
  extended_ = false;
  authenticated_.reset();
  end_transaction();
}

rt::Task<void> Session::secure(Instant deadline) {
  std::unique_ptr<io::Stream> plain = connection_.release();
  std::unique_ptr<tls::TlsStream> stream;
  try {
    stream = co_await tls::accept(std::move(plain), *smtpd_.tls_, deadline);
  } catch (const io::IoError& e) {
    smtpd_.world_.log.info("smtp.tls_failed", {{"peer", peer_.to_string()}, {"reason", e.what()}});
    throw;
  }
  tls_info_ = stream->info().version + " " + stream->info().cipher;
  bindings_.tls_exporter = stream->channel_binding_exporter();
  bindings_.tls_server_end_point = stream->channel_binding_server_end_point();
  connection_.attach(std::move(stream));
  ++smtpd_.counters_.tls_sessions;
}

}  // namespace pabal::receive

#include "receive/session.h"

#include <type_traits>

#include "base/bytes.h"
#include "proto/smtp/replies.h"

namespace pabal::receive {

namespace replies = smtp::replies;

namespace {
// Pipelined replies are sent together, but not without bound.
constexpr size_t kFlushAbove = 16 * 1024;
constexpr size_t kShownMax = 1000;  // of a line that is refused

rt::Task<smtp::Reply> just(smtp::Reply reply) {
  co_return reply;
}

}  // namespace

Session::Session(Smtpd& smtpd, std::unique_ptr<io::Stream> stream, listen::Visitor visitor)
    : smtpd_(smtpd),
      visitor_(std::move(visitor)),
      connection_(std::move(stream)),
      peer_(visitor_.peer.ip),
      local_socket_(!visitor_.peer.path.empty()) {
  for (const io::IpPrefix& network : smtpd_.options_.trusted_networks)
    trusted_ |= !local_socket_ && network.contains(peer_);
}

rt::Task<void> Session::run() {
  if (visitor_.listener.tls == tls::Mode::implicit)
    co_await smtpd_.secure(connection_, visitor_, after(listen::kHandshakeTimeout));
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
    if (smtpd_.stopping()) {
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
  // Whatever has no handler does not compile.
  auto handle = [this]<class C>(C& c) -> rt::Task<void> {
    using Answer = decltype(on(std::move(c)));
    if constexpr (std::is_same_v<Answer, smtp::Reply>) {
      return say(just(on(std::move(c))));
    } else if constexpr (std::is_same_v<Answer, rt::Task<smtp::Reply>>) {
      return say(on(std::move(c)));
    } else {
      return on(std::move(c));
    }
  };
  rt::Task<void> handling = std::visit(handle, *parsed);
  co_await handling;
}

rt::Task<void> Session::say(rt::Task<smtp::Reply> answer) {
  smtp::Reply said = co_await answer;
  reply(said);
}

smtp::Reply Session::on(smtp::Rset) {
  end_transaction();
  return replies::reset();
}

smtp::Reply Session::on(smtp::Noop) {
  return replies::noop();
}

smtp::Reply Session::on(smtp::Vrfy) {
  return replies::vrfy_not_checked();
}

smtp::Reply Session::on(smtp::Expn) {
  return replies::expn_refused();
}

smtp::Reply Session::on(smtp::Help) {
  return replies::help(smtpd_.options_.hostname);
}

rt::Task<void> Session::on(smtp::Quit) {
  close_with(replies::closing(smtpd_.options_.hostname));
  co_return;
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

rt::Task<void> Session::on(smtp::StartTls) {
  if (visitor_.secured) {
    reply(replies::tls_already_active());
    co_return;
  }
  if (!smtpd_.offers_starttls(visitor_)) {
    reply(replies::not_implemented("STARTTLS"));
    co_return;
  }
  // What is already here was sent in the clear behind STARTTLS; reading it as
  // if it had come through TLS is the hole of CVE-2011-0411.
  if (!connection_.buffered().empty()) {
    close_with(replies::text_behind_starttls(smtpd_.options_.hostname));
    co_return;
  }
  Instant deadline = after(listen::kHandshakeTimeout);
  reply(replies::ready_for_tls());
  co_await connection_.flush(deadline);
  co_await smtpd_.secure(connection_, visitor_, deadline);
  // RFC 3207 §4.2: both sides forget what they learnt in the clear.
  helo_.clear();
  extended_ = false;
  authenticated_.reset();
  end_transaction();
}

}  // namespace pabal::receive

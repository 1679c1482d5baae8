// IDLE (RFC 2177, RFC 9051 §6.3.13): changes are told as they come.
#include <algorithm>

#include "base/bytes.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

namespace {
constexpr size_t kDoneLineMax = 64;
constexpr Duration kPauseAfterTrouble = std::chrono::seconds(5);
}  // namespace

rt::Task<Outcome> Session::on(wire::Idle) {
  out() += "+ idling\r\n";
  Instant deadline = idle_deadline();
  receiver_.next();
  rt::Loop& loop = rt::Loop::current();
  Instant look_from = loop.now();
  for (;;) {
    if (in_doubt()) co_await check_login();
    if (loop.now() >= look_from && !closing_) {
      bool looked = co_await look_while_idle();
      if (!looked) look_from = loop.now() + kPauseAfterTrouble;
    }
    if (closing_) co_return Outcome{.said = true};
    while (!conn_.buffered().empty()) {
      wire::Receiver::Result result = receiver_.feed_line(conn_.buffered(), kDoneLineMax);
      conn_.consume(result.taken);
      if (result.kind == wire::Receiver::Result::more) break;
      bool done = result.kind == wire::Receiver::Result::command && iequals(receiver_.command(), "DONE");
      receiver_.next();
      if (done) co_return ok("no longer idle");
      // Something else: a client that forgot DONE cannot be understood any more.
      co_return bad("IDLE is ended by DONE");
    }
    co_await flush();
    io::Connection::Fill filled = conn_.fill();
    if (filled == io::Connection::Fill::some) continue;
    bool gone = filled == io::Connection::Fill::eof;
    if (!gone && service_.server.stopping())
      bye("the server is going down, come back in a moment", "UNAVAILABLE");
    if (gone || service_.server.stopping()) {
      closing_ = true;
      co_return Outcome{.then = Outcome::Then::close, .said = true};
    }
    // What came while we were writing has left its mark.
    bool news = (selected_ && selected_->has_news()) || has_news();
    if (news && loop.now() >= look_from) continue;
    rt::Wake why = co_await conn_.readable(news ? std::min(deadline, look_from) : deadline);
    if (why != rt::Wake::deadline || loop.now() < deadline) continue;
    bye("idle for too long");
    co_return Outcome{.said = true};
  }
}

// Only the client ends IDLE: an answer before its DONE would make that a command.
// False: the store did not answer, and what is new is still to be told.
rt::Task<bool> Session::look_while_idle() {
  std::string trouble;
  try {
    if (selected_) co_await sync({});
    if (!closing_) co_await tell_notified();
    tell_withheld();
  } catch (const store::StoreError& e) {
    trouble = e.what();
  }
  if (!trouble.empty()) log_store_failed("IDLE", trouble);
  co_return trouble.empty();
}

}  // namespace pabal::serve::imap

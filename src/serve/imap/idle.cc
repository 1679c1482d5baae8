// IDLE (RFC 2177, RFC 9051 §6.3.13): changes are told as they come.
#include "base/bytes.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

namespace {
constexpr size_t kDoneLineMax = 64;
}  // namespace

rt::Task<Outcome> Session::on(wire::Idle) {
  out() += "+ idling\r\n";
  Instant deadline = idle_deadline();
  receiver_.next();
  for (;;) {
    if (selected_) co_await sync({});
    co_await tell_notified();
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
    if (!gone && service_.stopping) bye("the server is going down, come back in a moment", "UNAVAILABLE");
    if (gone || service_.stopping) {
      closing_ = true;
      co_return Outcome{.then = Outcome::Then::close, .said = true};
    }
    // What came while we were writing has left its mark.
    if ((selected_ && selected_->view->stale()) || has_news()) continue;
    if (co_await conn_.readable(deadline) != rt::Wake::deadline) continue;
    bye("idle for too long");
    co_return Outcome{.said = true};
  }
}

}  // namespace pabal::serve::imap

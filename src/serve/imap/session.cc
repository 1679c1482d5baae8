#include "serve/imap/session.h"

#include "base/bytes.h"
#include "serve/imap/notifier.h"

namespace pabal::serve::imap {

namespace {

// What is written gathers up to here, then the client has to read.
constexpr size_t kOutOctets = 256 * 1024;
// Of that, a session that waits for its client keeps so much.
constexpr size_t kKeptOctets = 512;

constexpr size_t kLineMax = 64 * 1024;
constexpr size_t kLiteralMax = 256 * 1024;
constexpr size_t kCommandMax = 1024 * 1024;
constexpr uint64_t kMultiAppendFactor = 2;  // messages of one command together, in largest messages

const char* word(Outcome::Kind kind) {
  switch (kind) {
    case Outcome::ok:
      return "OK ";
    case Outcome::no:
      return "NO ";
    case Outcome::bad:
      return "BAD ";
  }
  return "";
}

rt::Task<Outcome> just(Outcome outcome) {
  co_return outcome;
}

}  // namespace

Session::Session(Service& service, std::unique_ptr<io::Stream> stream, listen::Visitor visitor)
    : service_(service),
      visitor_(std::move(visitor)),
      peer_(visitor_.peer.to_string()),
      conn_(std::move(stream)),
      receiver_(receiver_limits()) {}

Session::~Session() {
  log_out();
}

rt::Task<void> Session::run() {
  std::string why = "closed";
  try {
    co_await converse();
    co_await part();
  } catch (const io::IoError& e) {
    why = e.what();
  } catch (const std::exception& e) {
    service_.world.log.error("imap.session_failed", {{"peer", peer_}, {"reason", e.what()}});
    why = e.what();
  }
  leave_mailbox();
  conn_.finish();
  log_end(why);
}

void Session::log_end(std::string_view why) {
  std::string_view account = account_ ? std::string_view(account_->address) : "";
  service_.world.log.info("imap.session_end", {{"peer", peer_}, {"account", account}, {"reason", why}});
}

State Session::state() const {
  if (!account_) return State::not_authenticated;
  return selected_ ? State::selected : State::authenticated;
}

Instant Session::idle_deadline() const {
  Duration wait = account_ ? service_.options.idle_timeout : service_.options.login_timeout;
  return rt::Loop::current().now() + wait;
}

wire::ReceiverLimits Session::receiver_limits() const {
  if (!account_) return wire::kLimitsBeforeLogin;
  uint64_t message = service_.options.message_octets_max;
  return {.line_octets_max = kLineMax,
          .literal_octets_max = kLiteralMax,
          .append_octets_max = message,
          .command_octets_max = kCommandMax,
          .append_command_octets_max = kMultiAppendFactor * message};
}

rt::Task<void> Session::converse() {
  if (visitor_.listener.tls == tls::Mode::implicit) co_await secure();
  out() += "* OK [CAPABILITY " + capabilities() + "] " + service_.options.hostname + " Pabal ready\r\n";
  while (co_await next_command()) {
    co_await execute(receiver_.take_command());
    if (closing_) break;
  }
  co_await flush();
}

rt::Task<void> Session::secure() {
  return service_.server.secure(conn_, visitor_, rt::Loop::current().now() + listen::kHandshakeTimeout);
}

// Feeds the receiver until it has a command. Answers by itself what is no command.
rt::Task<bool> Session::next_command() {
  using Result = wire::Receiver::Result;
  Instant deadline = idle_deadline();
  for (;;) {
    while (!conn_.buffered().empty()) {
      Result result = receiver_.feed(conn_.buffered());
      conn_.consume(result.taken);
      if (result.kind == Result::more) break;
      if (result.kind == Result::command) co_return true;
      if (result.kind == Result::continuation) {
        out() += "+ OK\r\n";
        continue;
      }
      Outcome refusal{.kind = receiver_.error_no() ? Outcome::no : Outcome::bad,
                      .code = std::string(receiver_.error_code()),
                      .text = std::string(receiver_.error_text())};
      respond(receiver_.tag(), refusal);
      if (result.kind == Result::broken) bye("what follows cannot be told apart");
      receiver_.next();
      if (closing_) co_return false;
    }
    Event event = co_await wait_for_input(deadline, receiver_.empty());
    if (event == Event::stopped) {
      bye("the server is going down, come back in a moment", "UNAVAILABLE");
      co_return false;
    }
    if (event == Event::deadline) {
      bye(account_ ? "idle for too long" : "too slow to log in");
      co_return false;
    }
    if (event == Event::closed) co_return false;
  }
}

// Until there is input (in the buffer). tell_changes: NOTIFY may speak meanwhile.
rt::Task<Session::Event> Session::wait_for_input(Instant deadline, bool tell_changes) {
  for (;;) {
    co_await flush();
    io::Connection::Fill filled = conn_.fill();
    if (filled == io::Connection::Fill::eof) co_return Event::closed;
    if (filled == io::Connection::Fill::some) co_return Event::input;
    if (service_.server.stopping() && receiver_.empty()) co_return Event::stopped;
    if (*service_.server.cut_off()) co_return Event::stopped;
    if (in_doubt()) {
      co_await check_login();
      if (closing_) co_return Event::closed;
    }
    if (tell_changes && has_news()) {
      co_await tell_notified();
      if (closing_) co_return Event::closed;
      continue;
    }
    rt::Wake why = co_await conn_.readable(deadline);
    if (why == rt::Wake::deadline) co_return Event::deadline;
  }
}

rt::Task<void> Session::execute(std::string text) {
  auto request = wire::parse_request(std::move(text), {.utf8 = names_utf8()});
  if (!request) {
    const wire::SyntaxError& error = request.error();
    respond(error.tag,
            {.kind = error.no ? Outcome::no : Outcome::bad, .code = error.code, .text = error.text});
    co_return;
  }
  ++service_.counters.commands;
  tag_ = std::move(request->tag);
  const CommandFacts& facts = facts_of(request->command);
  bool expunges = may_expunge(request->command);
  std::string name = wire::verb(request->command);
  const bool waits = std::holds_alternative<wire::Idle>(request->command);
  const Instant begun = rt::Loop::current().now();
  Outcome outcome;
  if (in_doubt()) co_await check_login();
  try {
    if (selected_) co_await look_at_rights();
    if (closing_) co_return;
    rt::Task<Outcome> handling = dispatch(std::move(request->command));
    outcome = co_await handling;
    if (selected_ && facts.tells_changes && !outcome.said && !closing_)
      co_await sync({.may_expunge = expunges});
  } catch (const store::StoreError& e) {
    log_store_failed(name, e.what());
    outcome = no("SERVERBUG", "the store did not answer; try again later");
    if (e.full()) outcome = no("OVERQUOTA", "the disk of the server is full");
    if (e.full()) outcome.code = "UNAVAILABLE";
  }
  if (!waits) service_.counters.command_durations.observe(rt::Loop::current().now() - begun);
  if (selected_ && facts.tells_changes && !outcome.said) tell_position(outcome);
  if (!outcome.said) respond(tag_, outcome);
  if (outcome.then == Outcome::Then::close) closing_ = true;
  if (outcome.then == Outcome::Then::start_tls) {
    co_await flush();
    co_await secure();
  }
  if (outcome.then == Outcome::Then::compress) {
    co_await flush();
    start_compression();
  }
  co_await flush_if_full();
}

void Session::log_store_failed(std::string_view command, std::string_view reason) const {
  service_.world.log.error("imap.store_failed", {{"peer", peer_},
                                                 {"account", account_ ? account_->address : ""},
                                                 {"command", command},
                                                 {"reason", reason}});
}

std::optional<Outcome> Session::refuse_state(const CommandFacts& facts) const {
  if ((facts.states & static_cast<unsigned>(state())) == 0) {
    if (!account_) return bad("log in first");
    if ((facts.states & static_cast<unsigned>(State::selected)) != 0) return bad("select a mailbox first");
    return bad("you are logged in already");
  }
  if (facts.changes_mailbox && selected_ && selected_->read_only)
    return no("READ-ONLY", "the mailbox is open for reading only");
  return std::nullopt;
}

rt::Task<Outcome> Session::dispatch(wire::Command command) {
  if (std::optional<Outcome> refusal = refuse_state(facts_of(command))) return just(std::move(*refusal));
  auto handle = [this]<class C>(C& c) -> rt::Task<Outcome> {
    if constexpr (requires { c.uid; }) {
      // RFC 9586 §3: the client has given up message numbers.
      if (uid_only_ && !c.uid) return just(bad("use the UID form, as you ENABLEd UIDONLY", "UIDREQUIRED"));
    }
    return on(std::move(c));
  };
  return std::visit(handle, command);
}

void Session::respond(std::string_view tag, const Outcome& outcome) {
  std::string& line = conn_.out();
  line.append(tag.empty() ? "*" : tag).append(" ").append(word(outcome.kind));
  if (!outcome.code.empty()) line.append("[").append(outcome.code).append("] ");
  line.append(outcome.text).append("\r\n");
  if (outcome.kind != Outcome::bad) {
    errors_ = 0;
  } else if (++errors_ >= service_.options.errors_max) {
    bye("too many commands that make no sense here");
  }
}

void Session::bye(std::string_view text, std::string_view code) {
  out() += "* BYE ";
  if (!code.empty()) out().append("[").append(code).append("] ");
  out().append(text).append("\r\n");
  closing_ = said_bye_ = true;
}

// More is to come: the buffer stays.
rt::Task<void> Session::flush_if_full() {
  unsaid_.clear();
  if (conn_.out().size() < kOutOctets) co_return;
  std::string sent = co_await send_out();
  sent.clear();
  if (conn_.out().empty()) conn_.out().swap(sent);
}

rt::Task<void> Session::flush() {
  unsaid_.clear();
  if (conn_.out().empty()) co_return;
  std::string sent = co_await send_out();
  // What is large is given back, what is small is used again.
  if (sent.capacity() > kKeptOctets || !conn_.out().empty()) co_return;
  sent.clear();
  conn_.out().swap(sent);
}

rt::Task<std::string> Session::send_out() {
  std::string sending;
  sending.swap(conn_.out());
  service_.counters.octets_sent += sending.size();
  std::string_view rest = sending;
  while (!rest.empty()) {
    io::TryResult sent = conn_.stream().try_write(rest);
    if (sent.kind == io::TryResult::done) {
      rest.remove_prefix(sent.octets);
      continue;
    }
    Instant deadline = rt::Loop::current().now() + service_.options.write_timeout;
    rt::Wake why = co_await conn_.stream().writable(deadline);
    if (why == rt::Wake::deadline) throw io::IoError(io::IoFault::timeout, peer_ + " takes no data");
    if (*service_.server.cut_off())
      throw io::IoError(io::IoFault::closed, "shutdown while " + peer_ + " was reading");
  }
  co_return sending;
}

}  // namespace pabal::serve::imap

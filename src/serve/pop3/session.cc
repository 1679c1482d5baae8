#include "serve/pop3/session.h"

#include <type_traits>

#include "base/bytes.h"
#include "proto/smtp/data.h"

namespace pabal::serve::pop3 {

using namespace proto::pop3;

namespace {

// Replies to pipelined commands gather up to here, then the client has to read.
constexpr size_t kOutOctets = 256 * 1024;
// A message is made ready for the wire in pieces of about this size.
constexpr size_t kPieceOctets = 128 * 1024;

template <class C, class... Others>
constexpr bool is_one_of = (std::is_same_v<C, Others> || ...);
template <class C>
constexpr bool any_state = is_one_of<C, Capa, proto::pop3::Lang, Quit>;
template <class C>
constexpr bool before_login = is_one_of<C, User, Pass, Apop, Auth, Stls, Utf8>;

rt::Task<Reply> just(Reply reply) {
  co_return reply;
}

}  // namespace

rt::Task<void> Session::run() {
  std::string why = "closed";
  try {
    co_await converse();
  } catch (const io::IoError& e) {
    why = e.what();
  } catch (const std::exception& e) {
    context_.world.log.error("pop3.session_failed", {{"peer", peer_}, {"reason", e.what()}});
    why = e.what();
  }
  conn_.finish();
  log_end(why);
}

void Session::log_end(std::string_view why) {
  context_.world.log.info("pop3.session_end", {{"peer", peer_},
                                               {"account", account_.address},
                                               {"sent", sent_},
                                               {"deleted", deleted_},
                                               {"reason", why}});
}

Instant Session::idle_deadline() const {
  return rt::Loop::current().now() + context_.options.idle_timeout;
}

rt::Task<void> Session::converse() {
  if (visitor_.listener.tls == tls::Mode::implicit) co_await secure();
  Reply reply = ok(Text::greeting, {context_.options.hostname});
  for (;;) {
    Reply::Then then = reply.then;
    co_await send(std::move(reply));
    if (then != Reply::Then::go_on) co_await flush();
    if (then == Reply::Then::close) co_return;
    if (then == Reply::Then::start_tls) co_await secure();

    Input input = co_await next_line(kCommandLineMax);
    // RFC 1939 §3: when the timer expires, the connection closes without a reply.
    if (input.kind == Input::eof || input.kind == Input::idle) co_return;
    reply = co_await answer(std::move(input));
    if (!within_error_budget(reply)) reply.then = Reply::Then::close;
  }
}

rt::Task<void> Session::secure() {
  return context_.server.secure(conn_, visitor_, rt::Loop::current().now() + listen::kHandshakeTimeout);
}

bool Session::within_error_budget(Reply& reply) {
  if (!reply.client_error || ++errors_ < context_.options.errors_max) return true;
  reply = err("", Text::too_many_errors);
  return false;
}

rt::Task<Session::Input> Session::next_line(size_t max) {
  Instant deadline = idle_deadline();
  for (;;) {
    // RFC 5034 §4 keeps AUTH to the common limit, clients with long passwords do not.
    size_t limit = istarts_with(conn_.buffered(), "AUTH ") ? kAuthLineMax : max;
    if (auto found = conn_.line()) {
      if (found->size() > limit) co_return Input{Input::too_long, {}};
      size_t octets = found->size();
      found->remove_suffix(found->ends_with("\r\n") ? 2 : 1);
      Input input{Input::line, std::string(*found)};
      conn_.consume(octets);
      co_return input;
    }
    if (conn_.buffered().size() >= limit) co_return Input{Input::too_long, {}};
    co_await flush();
    if (context_.server.stopping()) co_return Input{Input::shutdown, {}};
    io::Connection::Fill filled = conn_.fill();
    if (filled == io::Connection::Fill::eof) co_return Input{Input::eof, {}};
    if (filled == io::Connection::Fill::some) continue;
    if (co_await conn_.readable(deadline) == rt::Wake::deadline) co_return Input{Input::idle, {}};
  }
}

rt::Task<Reply> Session::answer(Input input) {
  if (input.kind == Input::too_long) {
    Reply reply = err("", Text::line_too_long, {std::to_string(kCommandLineMax)});
    reply.then = Reply::Then::close;
    co_return reply;
  }
  if (input.kind == Input::shutdown) {
    Reply reply = err("SYS/TEMP", Text::shutting_down);
    reply.then = Reply::Then::close;
    co_return reply;
  }
  if (input.kind != Input::line) co_return Reply{.ok = false, .then = Reply::Then::close};

  auto command = parse_command(input.text);
  if (!command) co_return complaint(command.error());
  bool quits = std::holds_alternative<Quit>(*command);
  std::string_view name = verb(*command);
  try {
    if (state_ == State::transaction) {
      bool stays = co_await context_.directory.may_stay(account_, login_seen_);
      if (!stays) {
        Reply reply = err("AUTH", Text::logged_out);
        reply.then = Reply::Then::close;
        co_return reply;
      }
    }
    rt::Task<Reply> handling = dispatch(std::move(*command));
    Reply reply = co_await handling;
    co_return reply;
  } catch (const store::StoreError& e) {
    context_.world.log.error(
        "pop3.store_failed",
        {{"peer", peer_}, {"account", account_.address}, {"command", name}, {"reason", e.what()}});
  }
  Reply reply = err("SYS/TEMP", quits ? Text::not_deleted : Text::storage_trouble);
  if (quits) reply.then = Reply::Then::close;
  co_return reply;
}

// A line that is no command, in the client's language.
Reply Session::complaint(const SyntaxError& error) const {
  static constexpr Text kTexts[] = {Text::takes_no_argument,
                                    Text::wants_number,
                                    Text::wants_number_or_nothing,
                                    Text::wants_number_and_lines,
                                    Text::wants_mechanism,
                                    Text::wants_language,
                                    Text::wants_name,
                                    Text::wants_password,
                                    Text::unknown_command,
                                    Text::bare_line_end,
                                    Text::not_utf8,
                                    Text::line_too_long};
  static_assert(std::size(kTexts) == static_cast<size_t>(Fault::line_too_long) + 1);
  size_t octets_max = error.verb == "AUTH" ? kAuthLineMax : kCommandLineMax;
  if (error.fault == Fault::line_too_long) return err("", Text::line_too_long, {std::to_string(octets_max)});
  return err("", kTexts[static_cast<size_t>(error.fault)], {error.verb, error.verb});
}

rt::Task<Reply> Session::dispatch(Command command) {
  auto handle = [this]<class C>(C& c) -> rt::Task<Reply> {
    if constexpr (before_login<C>) {
      if (state_ != State::authorization) return just(err("", Text::login_done));
    } else if constexpr (!any_state<C>) {
      if (state_ != State::transaction) return just(err("", Text::login_first));
    }
    return on(std::move(c));
  };
  return std::visit(handle, command);
}

rt::Task<void> Session::send(Reply reply) {
  if (!reply.status.empty()) conn_.out().append(reply.status).append("\r\n");
  conn_.out() += reply.lines;
  if (reply.has_message) co_await send_message(std::move(reply.message));
  if (conn_.out().size() >= kOutOctets) co_await flush();
}

rt::Task<void> Session::send_message(std::string message) {
  context_.counters.octets += message.size();
  std::string_view rest = message;
  for (;;) {
    size_t cut = rest.size() <= kPieceOctets ? std::string_view::npos : rest.find('\n', kPieceOctets);
    bool last = cut == std::string_view::npos || cut + 1 == rest.size();
    std::string wire = proto::smtp::dot_stuff(last ? rest : rest.substr(0, cut + 1));
    if (!last) wire.resize(wire.size() - std::string_view(".\r\n").size());
    conn_.out() += wire;
    if (last) co_return;
    rest.remove_prefix(cut + 1);
    if (conn_.out().size() >= kOutOctets) co_await flush();
  }
}

rt::Task<void> Session::flush() {
  std::string sending;
  sending.swap(conn_.out());
  std::string_view rest = sending;
  Instant deadline = idle_deadline();
  while (!rest.empty()) {
    io::TryResult sent = conn_.stream().try_write(rest);
    if (sent.kind == io::TryResult::done) {
      rest.remove_prefix(sent.octets);
      continue;
    }
    // Not write_all: the wait has to end when the server gives up draining.
    rt::Wake why = co_await conn_.stream().writable(deadline);
    if (why == rt::Wake::deadline) throw io::IoError(io::IoFault::timeout, peer_ + " takes no data");
    if (*context_.server.cut_off())
      throw io::IoError(io::IoFault::closed, "shutdown while " + peer_ + " was reading");
  }
}

Reply Session::ok(Text text, std::initializer_list<std::string_view> values) const {
  return Reply{.status = "+OK " + say(text, lang_, values)};
}

Reply Session::err(std::string_view code, Text text, std::initializer_list<std::string_view> values) const {
  std::string status = "-ERR ";
  if (!code.empty()) status.append("[").append(code).append("] ");
  return Reply{.ok = false, .client_error = code.empty(), .status = status + say(text, lang_, values)};
}

}  // namespace pabal::serve::pop3

#include "imap_client.h"

#include <algorithm>

#include "io/error.h"
#include "rt/loop.h"
#include "serve/imap/deflate_stream.h"
#include "tls/stream.h"

namespace pabal::simulation {

namespace {

constexpr auto kPatience = std::chrono::minutes(10);
constexpr size_t kResponseMax = 64 << 20;

Instant patience() {
  return rt::Loop::current().now() + kPatience;
}

bool ends_with_literal(const std::string& part) {
  return part.ends_with('}') && part.rfind('{') != std::string::npos;
}

}  // namespace

// nullopt: nothing until then.
rt::Task<std::optional<ImapResponse>> ImapClient::next(Instant until) {
  size_t from = 0;
  for (;;) {
    size_t octets = response_octets(connection_.buffered(), from);
    if (octets > 0) {
      auto response = parse_response(connection_.buffered().substr(0, octets), eight_bit_);
      connection_.consume(octets);
      if (response) co_return std::move(*response);
      ledger_.violation(name_ + ": a malformed response: " + response.error());
      throw io::IoError(io::IoFault::other, "malformed response");
    }
    if (connection_.buffered().size() > kResponseMax)
      throw io::IoError(io::IoFault::other, "an endless response");
    io::Connection::Fill filled = connection_.fill();
    if (filled == io::Connection::Fill::some) continue;
    if (filled == io::Connection::Fill::eof) throw io::IoError(io::IoFault::closed, "closed by the server");
    rt::Wake why = co_await connection_.readable(until);
    if (why == rt::Wake::deadline) co_return std::nullopt;
  }
}

rt::Task<ImapResponse> ImapClient::next_or_throw() {
  std::optional<ImapResponse> response = co_await next(patience());
  if (!response) throw io::IoError(io::IoFault::timeout, "no response");
  co_return std::move(*response);
}

void ImapClient::handle(ImapResponse response) {
  if (response.tag == "+") {
    if (running_.empty()) ledger_.violation(name_ + ": a continuation without a command");
    continued_ = true;
    return;
  }
  if (response.tag == "*") {
    // RFC 9051 §7.1.5: with BYE the server has said all that it will say by itself.
    if (bye_ && !response.is("BYE")) ledger_.violation(name_ + ": something untagged after BYE");
    bye_ |= response.is("BYE");
    // All that are under way have to allow it: nobody knows which one it belongs to.
    bool renumbers = !running_.empty() &&
                     std::ranges::all_of(running_, [](const Running& r) { return r.answer || r.renumbers; });
    hear_(response, renumbers);
    return;
  }
  for (Running& running : running_) {
    if (running.answer) continue;
    if (running.tag != response.tag)
      ledger_.violation(name_ + ": " + response.tag + " is answered before " + running.tag);
    hear_(response, false);
    running.tag = response.tag;
    running.answer = std::move(response);
    return;
  }
  ledger_.violation(name_ + ": an answer to no command: " + response.tag);
}

rt::Task<ImapResponse> ImapClient::greeting() {
  ImapResponse response = co_await next_or_throw();
  co_return response;
}

rt::Task<void> ImapClient::encrypt(tls::ClientContext& tls) {
  std::unique_ptr<io::Stream> plain = connection_.release();
  std::unique_ptr<io::Stream> secured = co_await tls::connect(std::move(plain), tls, "", patience());
  connection_.attach(std::move(secured));
}

void ImapClient::compress() {
  connection_.attach(std::make_unique<serve::imap::DeflateStream>(connection_.release()));
}

rt::Task<std::string> ImapClient::send(ImapCommand command) {
  std::string tag = "t" + std::to_string(++tags_);
  last_tag_ = tag;
  running_.push_back({tag, command.parts[0], command.renumbers, std::nullopt});
  connection_.out() += tag + " ";
  for (size_t i = 0; i < command.parts.size(); ++i) {
    const std::string& part = command.parts[i];
    bool last = i + 1 == command.parts.size();
    connection_.out() += part;
    if (last || ends_with_literal(part)) connection_.out() += "\r\n";
    if (last || part.ends_with("+}") || !ends_with_literal(part)) continue;
    bool go_on = co_await continuation();
    if (!go_on) co_return tag;
  }
  co_await connection_.flush(patience());
  co_return tag;
}

rt::Task<bool> ImapClient::continuation() {
  continued_ = false;
  co_await connection_.flush(patience());
  while (!continued_) {
    if (running_.empty() || running_.back().answer) co_return false;
    ImapResponse response = co_await next_or_throw();
    handle(std::move(response));
  }
  co_return true;
}

rt::Task<ImapResponse> ImapClient::wait(std::string tag) {
  for (;;) {
    if (!running_.empty() && running_.front().answer) {
      ImapResponse answer = std::move(*running_.front().answer);
      std::string code;
      for (const ImapValue& value : answer.code) code += (code.empty() ? " [" : " ") + value.text;
      ledger_.note(name_ + ": " + answer.tag + " " + running_.front().command + ": " + answer.values[0].text +
                   code + (code.empty() ? " " : "] ") + answer.text);
      running_.pop_front();
      ledger_.count("IMAP commands answered");
      if (answer.tag == tag) co_return answer;
      continue;
    }
    ImapResponse response = co_await next_or_throw();
    handle(std::move(response));
  }
}

rt::Task<ImapResponse> ImapClient::ask(ImapCommand command) {
  std::string tag = co_await send(std::move(command));
  co_return co_await wait(std::move(tag));
}

rt::Task<void> ImapClient::send_line(std::string line) {
  connection_.out() += line + "\r\n";
  co_await connection_.flush(patience());
}

rt::Task<void> ImapClient::send_piece(std::string octets) {
  connection_.out() += octets;
  co_await connection_.flush(patience());
}

rt::Task<void> ImapClient::listen(Instant until) {
  for (;;) {
    std::optional<ImapResponse> response = co_await next(until);
    if (!response) co_return;
    handle(std::move(*response));
  }
}

}  // namespace pabal::simulation

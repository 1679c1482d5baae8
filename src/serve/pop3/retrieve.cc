// RETR and TOP (RFC 1939 §5, §7).
#include "mail/downgrade.h"
#include "serve/pop3/session.h"
#include "store/deliveries.h"

namespace pabal::serve::pop3 {

namespace wire = proto::pop3;

namespace {

// Where the head with its empty line ends; the end of the message if it is all head.
size_t body_begin(std::string_view message) {
  if (message.starts_with("\r\n")) return 2;
  size_t end = message.find("\r\n\r\n");
  return end == std::string_view::npos ? message.size() : end + 4;
}

// Behind the first `lines` line ends from `at` on.
size_t after_lines(std::string_view message, size_t at, uint32_t lines) {
  for (; lines > 0 && at < message.size(); --lines) {
    size_t lf = message.find('\n', at);
    if (lf == std::string_view::npos) return message.size();
    at = lf + 1;
  }
  return at;
}

}  // namespace

rt::Task<std::optional<Reply>> Session::load(uint32_t number, std::string& message) {
  if (auto refused = refuse_number(number)) co_return refused;
  MessageId id = mails_[number - 1].message;
  std::optional<store::MessageRecord> record = co_await service_.store.read(store::find_message, id);
  if (!record) co_return err("SYS/TEMP", Text::gone, {std::to_string(number)});
  std::string bytes = co_await service_.store.message_bytes(id);

  if (record->deliveries) {
    message = co_await service_.store.read(store::delivery_fields, id, account_.id);
  }
  message += record->prefix;
  message += bytes;
  bool binary = record->body == store::BodyType::binary;  // RFC 6856 §2.1: never by POP3
  if (binary || (record->smtputf8 && !utf8_)) {
    auto surrogate = mail::to_7bit(message);
    if (!surrogate && !binary) co_return err("UTF8", Text::utf8_needed);
    if (!surrogate) co_return err("SYS/PERM", Text::not_convertible, {std::to_string(number)});
    message = std::move(*surrogate);
  }
  co_return std::nullopt;
}

rt::Task<Reply> Session::on(wire::Retr command) {
  std::string message;
  auto refused = co_await load(command.number, message);
  if (refused) co_return *refused;
  ++sent_;
  ++service_.counters.messages;
  Reply reply = ok(Text::octets_follow, {std::to_string(message.size())});
  reply.message = std::move(message);
  reply.has_message = true;
  co_return reply;
}

rt::Task<Reply> Session::on(wire::Top command) {
  std::string message;
  auto refused = co_await load(command.number, message);
  if (refused) co_return *refused;
  message.resize(after_lines(message, body_begin(message), command.lines));
  Reply reply = ok(Text::top_follows);
  reply.message = std::move(message);
  reply.has_message = true;
  co_return reply;
}

}  // namespace pabal::serve::pop3

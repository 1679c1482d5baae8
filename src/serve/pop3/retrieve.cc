// RETR and TOP (RFC 1939 §5, §7).
#include "mail/downgrade.h"
#include "serve/pop3/session.h"

namespace pabal::serve::pop3 {

namespace wire = proto::pop3;

namespace {

// What of a message is read for TOP, then as many times that as it takes.
constexpr uint64_t kTopOctets = 64 << 10;
constexpr uint64_t kTopGrowth = 4;

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

// The message as it goes out. lines: TOP wants so many of the body, and what lies behind
// them need not be read.
rt::Task<std::optional<Reply>> Session::load(uint32_t number, std::optional<uint32_t> lines,
                                             std::string& message) {
  if (auto refused = refuse_number(number)) co_return refused;
  MessageId id = mails_[number - 1].message;
  std::optional<store::MessageRecord> record = co_await context_.store.read(store::find_message, id);
  const bool binary = record && record->body == store::BodyType::binary;  // RFC 6856 §2.1: never by POP3
  const bool converted = binary || (record && record->smtputf8 && !utf8_);
  uint64_t octets = lines && !converted ? kTopOctets : UINT64_MAX;
  for (bool enough = !record; !enough; octets *= kTopGrowth) {
    std::vector<store::MessageRange> wanted{{id, {0, octets}}};
    std::vector<store::MessageBytes> read = co_await context_.store.read(std::move(wanted), account_.id);
    store::MessageBytes& found = read.at(0);
    if (!found.error.empty() && !found.gone) throw store::StoreError(found.error);
    if (found.gone) record.reset();
    message = std::move(found.bytes);
    enough = message.size() == found.size_octets ||
             after_lines(message, body_begin(message), lines.value_or(0)) < message.size();
  }
  if (!record) co_return err("SYS/TEMP", Text::gone, {std::to_string(number)});
  if (converted) {
    auto surrogate = mail::to_7bit(message);
    if (!surrogate && !binary) co_return err("UTF8", Text::utf8_needed);
    if (!surrogate) co_return err("SYS/PERM", Text::not_convertible, {std::to_string(number)});
    message = std::move(*surrogate);
  }
  co_return std::nullopt;
}

rt::Task<Reply> Session::on(wire::Retr command) {
  std::string message;
  auto refused = co_await load(command.number, std::nullopt, message);
  if (refused) co_return *refused;
  ++sent_;
  ++context_.counters.messages;
  Reply reply = ok(Text::octets_follow, {std::to_string(message.size())});
  reply.message = std::move(message);
  reply.has_message = true;
  co_return reply;
}

rt::Task<Reply> Session::on(wire::Top command) {
  std::string message;
  auto refused = co_await load(command.number, command.lines, message);
  if (refused) co_return *refused;
  message.resize(after_lines(message, body_begin(message), command.lines));
  Reply reply = ok(Text::top_follows);
  reply.message = std::move(message);
  reply.has_message = true;
  co_return reply;
}

}  // namespace pabal::serve::pop3

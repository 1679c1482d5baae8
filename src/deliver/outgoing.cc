#include "deliver/outgoing.h"

#include "intake/trace.h"
#include "proto/smtp/data.h"
#include "rt/offload.h"

namespace pabal::deliver {

namespace {
namespace smtp = proto::smtp;
// Above this size looking through a message leaves the loop.
constexpr size_t kOffloadOctets = 64 * 1024;

mail::Needs scan(const std::string& text) {
  return mail::scan_needs(text);
}
}  // namespace

rt::Task<std::optional<Outgoing>> load_outgoing(io::World& world, store::Store& store, MessageId id) {
  auto query = [id](store::Database& db) { return store::find_message(db, id); };
  std::optional<store::MessageRecord> record = co_await store.read(query);
  if (!record) co_return std::nullopt;
  std::string bytes = co_await store.message_bytes(id);
  std::string text(intake::prefix_for_relay(record->prefix));
  text += bytes;
  mail::Needs needs;
  if (text.size() < kOffloadOctets) {
    needs = scan(text);
  } else {
    auto work = [&text] { return scan(text); };
    needs = co_await rt::offload(world.blocking, work);
  }
  co_return Outgoing(std::move(*record), std::move(text), needs);
}

rt::Task<std::expected<Form, Outcome>> Outgoing::form_for(io::World& world, const smtp::Capabilities& can) {
  Form form;
  // Raw 8-bit headers of a sender who did not ask for SMTPUTF8 are no
  // internationalised mail, only sloppy: they may become encoded-words.
  form.utf8_headers = needs_.utf8_headers && record_.smtputf8;
  if (form.utf8_headers && !can.smtputf8) {
    co_return std::unexpected(failed("5.6.7",
                                     "the next server does not take internationalised mail (SMTPUTF8), "
                                     "and this mail has UTF-8 in its header"));
  }
  bool eight_bit = needs_.eightbit || needs_.utf8_headers;
  bool can_binary = can.binary_mime && can.chunking;
  if (needs_.binary && can_binary) {
    form.text = text_;
    form.body = smtp::Body::binary_mime;
    form.chunking = true;
  } else if (!needs_.binary && (!eight_bit || can.eight_bit_mime)) {
    form.text = text_;
    form.body = eight_bit ? smtp::Body::eight_bit_mime : smtp::Body::seven_bit;
  } else {
    if (!seven_bit_) {
      auto work = [this] { return mail::to_7bit(text_); };
      seven_bit_ = co_await rt::offload(world.blocking, work);
    }
    if (!*seven_bit_ || !smtp::has_only_crlf(**seven_bit_)) {
      std::string why = *seven_bit_ ? "a line end in its header is none" : seven_bit_->error();
      co_return std::unexpected(
          failed("5.6.3", "the next server takes only 7-bit mail, and this one cannot be converted: " + why));
    }
    form.text = **seven_bit_;
  }
  if (can.size_max && *can.size_max > 0 && form.text.size() > *can.size_max) {
    co_return std::unexpected(failed("5.3.4", "the mail has " + std::to_string(form.text.size()) +
                                                  " octets, the next server takes at most " +
                                                  std::to_string(*can.size_max)));
  }
  co_return form;
}

}  // namespace pabal::deliver

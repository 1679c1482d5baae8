#include "deliver/outgoing.h"

#include "intake/trace.h"
#include "proto/smtp/data.h"
#include "rt/offload.h"

namespace pabal::deliver {

namespace {
namespace smtp = proto::smtp;
// Above this size looking through a message leaves the loop.
constexpr size_t kOffloadOctets = 64 * 1024;

using Scanned = std::pair<std::string, mail::Needs>;
Scanned scan(std::string text) {
  mail::Needs needs = mail::scan_needs(text);
  return {std::move(text), needs};
}

std::expected<std::string, std::string> to_7bit(const std::string& text) {
  return mail::to_7bit(text);
}
}  // namespace

rt::Task<std::optional<Outgoing>> load_outgoing(io::World& world, store::Store& store, MessageId id) {
  std::optional<store::MessageRecord> record = co_await store.read(store::find_message, id);
  if (!record) co_return std::nullopt;
  std::string bytes = co_await store.message_bytes(id);
  std::string text(intake::prefix_for_relay(record->prefix));
  text += bytes;
  Scanned scanned;
  if (text.size() < kOffloadOctets) {
    scanned = scan(std::move(text));
  } else {
    scanned = co_await rt::offload(world.blocking, scan, std::move(text));
  }
  co_return Outgoing(std::move(*record), std::move(scanned.first), scanned.second);
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
    if (!seven_bit_) seven_bit_ = co_await rt::offload(world.blocking, to_7bit, text_);
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

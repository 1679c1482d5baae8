// What an IMAP URL names (RFC 5092), for CATENATE and URLFETCH.
#include "serve/imap/message_url.h"

#include <algorithm>

#include "proto/imap/response.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

namespace {

std::optional<std::string> octets_of(const wire::FetchItem& item, const mail::Outline& outline,
                                     const MessageOctets& octets) {
  const wire::SectionPlace place = wire::octets_for(item, outline);
  if (place.kind == wire::SectionPlace::nowhere) return std::nullopt;
  const std::string_view found = octets.at(place);
  if (!wire::is_subset(item.section)) return std::string(found);
  return std::string(wire::cut(wire::header_subset(found, item.section), item.partial));
}

}  // namespace

rt::Task<std::optional<std::string>> UrlMessages::read(reading::Item item, AccountId owner,
                                                       std::optional<wire::Section> section,
                                                       std::optional<wire::Partial> partial) {
  const std::vector<wire::FetchItem> items{{.kind = wire::FetchItem::body_section,
                                            .peek = true,
                                            .section = std::move(section).value_or(wire::Section()),
                                            .partial = partial}};
  const Kept* kept = find(MessageId{item.message}, owner);
  MessageOctets whole;
  if (kept == nullptr) {
    FetchBatch batch(reading_, owner, items, needs_of(items));
    batch.add(1, item);
    co_await batch.load();
    FetchSource& source = batch.sources.front();
    if (batch.attach(source) != FetchBatch::Loaded::yes) co_return std::nullopt;
    if (source.outline != nullptr) co_return octets_of(items[0], *source.outline, source.octets);
    kept = &keep(batch.whole(source), owner);
  }
  whole.add(0, kept->message->bytes);
  co_return octets_of(items[0], kept->outline, whole);
}

const UrlMessages::Kept* UrlMessages::find(MessageId message, AccountId owner) {
  auto found = std::ranges::find_if(
      kept_, [&](const Kept& one) { return one.message->id == message && one.owner == owner; });
  if (found == kept_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, found);
  return &kept_.front();
}

const UrlMessages::Kept& UrlMessages::keep(std::shared_ptr<const store::MessageBytes> message,
                                           AccountId owner) {
  mail::Outline outline = mail::outline_of(mail::parse_message(message->bytes));
  octets_ += message->bytes.size();
  kept_.push_front({std::move(message), owner, std::move(outline)});
  while (octets_ > octets_max_ && kept_.size() > 1) {
    octets_ -= kept_.back().message->bytes.size();
    kept_.pop_back();
  }
  return kept_.front();
}

rt::Task<std::optional<std::string>> Session::read_url(wire::Url url, directory::Account as,
                                                       UrlMessages& messages) {
  std::optional<reading::ViewKey> mailbox;
  if (url.mailbox.empty()) {
    if (selected_) mailbox = {selected_->view->id(), selected_->view->reader()};
  } else {
    std::optional<Place> place = co_await service_.store.read(find_place, std::move(as), url.mailbox);
    if (place && place->mailbox && place->rights.has('r')) mailbox = {place->mailbox->id, place->reader};
  }
  if (!mailbox) co_return std::nullopt;
  std::shared_ptr<reading::View> view =
      co_await service_.reading.views.open(mailbox->mailbox, mailbox->reader);
  if (!view) co_return std::nullopt;
  if (url.uid_validity && *url.uid_validity != static_cast<uint64_t>(view->mailbox().uid_validity.value))
    co_return std::nullopt;
  std::optional<uint32_t> number = view->now()->find(url.uid);
  if (!number) co_return std::nullopt;
  const reading::Item item = view->now()->at(*number);
  co_return co_await messages.read(item, view->owner(), std::move(url.section), url.partial);
}

}  // namespace pabal::serve::imap

// What an IMAP URL names (RFC 5092), for CATENATE and URLFETCH.
#include "serve/imap/message_url.h"

#include <algorithm>

#include "proto/imap/response.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

rt::Task<std::shared_ptr<const UrlMessages::Message>> UrlMessages::find(MessageId id, AccountId reader) {
  auto kept =
      std::ranges::find_if(kept_, [&](const auto& one) { return one->id == id && one->reader == reader; });
  if (kept != kept_.end()) {
    kept_.splice(kept_.begin(), kept_, kept);
    co_return kept_.front();
  }
  std::vector<MessageId> ids{id};
  std::vector<store::MessageBytes> read = co_await store_.messages(std::move(ids), UINT64_MAX, reader);
  if (read.empty() || !read[0].error.empty()) co_return nullptr;
  auto message = std::make_shared<Message>();
  message->id = id;
  message->reader = reader;
  message->bytes = std::move(read[0].bytes);
  message->root = mail::parse_message(message->bytes);
  octets_ += message->bytes.size();
  kept_.push_front(message);
  while (octets_ > octets_max_ && kept_.size() > 1) {
    octets_ -= kept_.back()->bytes.size();
    kept_.pop_back();
  }
  co_return message;
}

rt::Task<std::optional<std::string>> Session::read_url(wire::Url url, directory::Account as,
                                                       UrlMessages& messages) {
  std::optional<ViewKey> mailbox;
  if (url.mailbox.empty()) {
    if (selected_) mailbox = {selected_->view->id(), selected_->view->reader()};
  } else {
    std::optional<Place> place = co_await service_.store.read(find_place, std::move(as), url.mailbox);
    if (place && place->mailbox && place->rights.has('r')) mailbox = {place->mailbox->id, place->reader};
  }
  if (!mailbox) co_return std::nullopt;
  std::shared_ptr<View> view = co_await service_.views.open(mailbox->mailbox, mailbox->reader);
  if (!view) co_return std::nullopt;
  if (url.uid_validity && *url.uid_validity != static_cast<uint64_t>(view->mailbox().uid_validity.value))
    co_return std::nullopt;
  std::optional<uint32_t> number = view->now()->find(url.uid);
  if (!number) co_return std::nullopt;
  MessageId id{view->now()->at(*number).message};
  std::shared_ptr<const UrlMessages::Message> message = co_await messages.find(id, view->owner());
  if (!message) co_return std::nullopt;
  std::string made;
  std::optional<std::string_view> octets = message->bytes;
  if (url.section) octets = wire::section_octets(message->root, message->bytes, *url.section, made);
  if (!octets) co_return std::nullopt;
  co_return std::string(wire::cut(*octets, url.partial));
}

}  // namespace pabal::serve::imap

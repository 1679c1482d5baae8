// What an IMAP URL names (RFC 5092), for CATENATE and URLFETCH.
#include <algorithm>

#include "mail/message.h"
#include "proto/imap/response.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

rt::Task<std::optional<std::string>> Session::read_url(wire::Url url, directory::Account as) {
  std::optional<MailboxId> mailbox;
  if (url.mailbox.empty()) {
    if (selected_) mailbox = selected_->view->id();
  } else {
    std::optional<Place> place = co_await service_.store.read(find_place, std::move(as), url.mailbox);
    if (place && place->mailbox && place->rights.has('r')) mailbox = place->mailbox->id;
  }
  if (!mailbox) co_return std::nullopt;
  std::shared_ptr<View> view = co_await service_.views.open(*mailbox);
  if (!view) co_return std::nullopt;
  if (url.uid_validity && *url.uid_validity != static_cast<uint64_t>(view->mailbox().uid_validity.value))
    co_return std::nullopt;
  std::optional<uint32_t> number = view->now()->find(url.uid);
  if (!number) co_return std::nullopt;
  std::vector<MessageId> ids{MessageId{view->now()->at(*number).message}};
  std::vector<store::MessageBytes> read =
      co_await service_.store.messages(std::move(ids), UINT64_MAX, view->owner());
  if (read.empty() || !read[0].error.empty()) co_return std::nullopt;
  const std::string& message = read[0].bytes;
  std::string made;
  std::optional<std::string_view> octets = message;
  std::optional<mail::Part> root;
  if (url.section) {
    root = mail::parse_message(message);
    octets = wire::section_octets(*root, message, *url.section, made);
  }
  if (!octets) co_return std::nullopt;
  co_return std::string(wire::cut(*octets, url.partial));
}

}  // namespace pabal::serve::imap

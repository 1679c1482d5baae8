#include "serve/imap/mailbox_status.h"

#include <algorithm>
#include <concepts>

#include "proto/imap/response.h"
#include "reading/views.h"

namespace pabal::serve::imap {

namespace wire = proto::imap;
using wire::StatusItem;

bool has_item(const std::vector<StatusItem>& items, StatusItem item) {
  return std::ranges::find(items, item) != items.end();
}

bool needs_flags(const std::vector<StatusItem>& items) {
  return has_item(items, StatusItem::unseen) || has_item(items, StatusItem::deleted) ||
         has_item(items, StatusItem::deleted_storage);
}

MailboxStatus status_of(const store::Mailbox& mailbox, AccountId reader) {
  return {.id = mailbox.id,
          .reader = reader,
          .messages = mailbox.messages,
          .octets = mailbox.octets,
          .uid_next = static_cast<uint64_t>(mailbox.uid_next.value),
          .uid_validity = static_cast<uint64_t>(mailbox.uid_validity.value),
          // MODSEQs begin at 1 (RFC 7162 §7), an empty mailbox has had none yet.
          .modseq = static_cast<uint64_t>(std::max<int64_t>(mailbox.modseq.value, 1)),
          .flags = mailbox.flags};
}

MailboxStatus status_of(const reading::View& view) {
  MailboxStatus status = status_of(view.mailbox(), view.reader());
  if (!view.reader()) return status;
  status.flags.unseen = 0;
  view.now()->each([&](uint32_t, const reading::Item& item) {
    if ((item.flags & store::kSeen) == 0) ++status.flags.unseen;
  });
  return status;
}

namespace {

void put_item(std::string& out, StatusItem item, const MailboxStatus& status, uint64_t append_limit) {
  auto number = [&](std::string_view name, std::integral auto value) {
    out.append(name).append(" ");
    wire::put_number(out, static_cast<uint64_t>(value));
  };
  switch (item) {
    case StatusItem::messages:
      return number("MESSAGES", status.messages);
    case StatusItem::recent:
      return number("RECENT", status.recent);
    case StatusItem::uid_next:
      return number("UIDNEXT", status.uid_next);
    case StatusItem::uid_validity:
      return number("UIDVALIDITY", status.uid_validity);
    case StatusItem::unseen:
      return number("UNSEEN", status.flags.unseen);
    case StatusItem::deleted:
      return number("DELETED", status.flags.deleted);
    case StatusItem::size:
      return number("SIZE", status.octets);
    case StatusItem::highest_modseq:
      return number("HIGHESTMODSEQ", status.modseq);
    case StatusItem::append_limit:
      return number("APPENDLIMIT", append_limit);
    case StatusItem::mailbox_id:
      out.append("MAILBOXID (F").append(std::to_string(status.id.value)).append(")");
      return;
    case StatusItem::deleted_storage:
      return number("DELETED-STORAGE", status.flags.deleted_octets);
  }
}

}  // namespace

void put_status(std::string& out, std::string_view name, const MailboxStatus& status,
                const StatusForm& form) {
  out += "* STATUS ";
  wire::put_mailbox(out, name, form.utf8);
  out += " (";
  for (size_t i = 0; i < form.items.size(); ++i) {
    if (i > 0) out += ' ';
    put_item(out, form.items[i], status, form.append_limit);
  }
  out += ")\r\n";
}

}  // namespace pabal::serve::imap

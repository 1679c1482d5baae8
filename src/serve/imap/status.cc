// STATUS (RFC 9051 §6.3.11).
#include "serve/imap/mailbox_status.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

rt::Task<Outcome> Session::on(wire::Status command) {
  std::expected<Place, Outcome> place = co_await find_with_right(command.mailbox, "r");
  if (!place) co_return std::move(place.error());
  // RFC 7162 §3.1: who asks for it is told of MODSEQs from here on.
  if (has_item(command.items, wire::StatusItem::highest_modseq)) enable_condstore();
  std::vector<MailboxStatus> status{status_of(*place->mailbox)};
  if (needs_flags(command.items)) co_await count_flags(status);
  put_status(
      out(), command.mailbox, status[0],
      {.items = command.items, .append_limit = service_.options.message_octets_max, .utf8 = names_utf8()});
  co_return ok("that is how it is");
}

// What is open is counted in memory, the rest by one read.
rt::Task<void> Session::count_flags(std::vector<MailboxStatus>& statuses) {
  std::vector<size_t> unknown;
  for (size_t i = 0; i < statuses.size(); ++i) {
    if (statuses[i].messages == 0) continue;
    std::shared_ptr<View> view = service_.views.find_open(statuses[i].id);
    if (view) co_await view->refresh();
    if (view && !view->removed()) {
      statuses[i] = status_of(*view);
    } else {
      unknown.push_back(i);
    }
  }
  if (unknown.empty()) co_return;
  std::vector<MailboxId> mailboxes;
  for (size_t i : unknown) mailboxes.push_back(statuses[i].id);
  auto query = [](store::Database& db, const std::vector<MailboxId>& ids) {
    std::vector<store::FlagCounts> counts;
    for (MailboxId id : ids) counts.push_back(store::count_flags(db, id));
    return counts;
  };
  std::vector<store::FlagCounts> counts = co_await service_.store.read(query, std::move(mailboxes));
  for (size_t i = 0; i < unknown.size(); ++i) statuses[unknown[i]].flags = counts[i];
}

}  // namespace pabal::serve::imap

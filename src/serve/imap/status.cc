// STATUS (RFC 9051 §6.3.11).
#include <algorithm>

#include "serve/imap/mailbox_status.h"
#include "serve/imap/session.h"
#include "store/tally.h"

namespace pabal::serve::imap {

rt::Task<Outcome> Session::on(wire::Status command) {
  std::expected<Place, Outcome> place =
      co_await find_with_right(command.mailbox, "r", reading::Needs::counts);
  if (!place) co_return std::move(place.error());
  // RFC 7162 §3.1: who asks for it is told of MODSEQs from here on.
  if (has_item(command.items, wire::StatusItem::highest_modseq)) enable_condstore();
  std::vector<MailboxStatus> status{status_of(*place->mailbox, place->reader)};
  if (selected_ && selected_->view->id() == place->mailbox->id) {
    co_await sync({});  // so that it says nothing of what the client has not heard
    status[0] = status_of(*selected_->view);
  } else if (needs_flags(command.items)) {
    co_await count_own_unseen(status);
  }
  if (has_item(command.items, wire::StatusItem::recent)) co_await count_recent(status);
  hold_back(status);
  put_status(
      out(), command.mailbox, status[0],
      {.items = command.items, .append_limit = service_.options.message_octets_max, .utf8 = names_utf8()});
  co_return ok("that is how it is");
}

// Of the mailbox that is selected, a client that takes this HIGHESTMODSEQ for the one
// to resynchronise from must have heard of everything below (RFC 7162 §3.2).
void Session::hold_back(std::vector<MailboxStatus>& statuses) const {
  if (!selected_) return;
  for (MailboxStatus& status : statuses) {
    if (status.id != selected_->view->id()) continue;
    status.modseq = std::min(status.modseq, static_cast<uint64_t>(selected_->told_modseq.value));
    status.modseq = std::max<uint64_t>(status.modseq, 1);
  }
}

// Where \Seen is each reader's own, what is open is counted in memory, the rest by one read.
rt::Task<void> Session::count_own_unseen(std::vector<MailboxStatus>& statuses) {
  std::vector<size_t> unknown;
  for (size_t i = 0; i < statuses.size(); ++i) {
    if (!statuses[i].reader || statuses[i].messages == 0) continue;
    std::shared_ptr<reading::View> view =
        service_.reading.views.find_open(statuses[i].id, statuses[i].reader);
    if (view) co_await view->refresh();
    if (view && !view->removed()) {
      statuses[i] = status_of(*view);
    } else {
      unknown.push_back(i);
    }
  }
  if (unknown.empty()) co_return;
  std::vector<reading::ViewKey> mailboxes;
  for (size_t i : unknown) mailboxes.push_back({statuses[i].id, statuses[i].reader});
  auto query = [](store::Database& db, const std::vector<reading::ViewKey>& keys) {
    std::vector<int64_t> unseen;
    for (const reading::ViewKey& key : keys)
      unseen.push_back(store::count_unseen(db, key.mailbox, key.reader));
    return unseen;
  };
  std::vector<int64_t> unseen = co_await service_.store.read(query, std::move(mailboxes));
  for (size_t i = 0; i < unknown.size(); ++i) statuses[unknown[i]].flags.unseen = unseen[i];
}

}  // namespace pabal::serve::imap

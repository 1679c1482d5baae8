// \Recent: of messages that this session was told of before all others (RFC 3501
// §2.3.2). Sessions that only look (EXAMINE) leave them to the next one.
#include <algorithm>
#include <utility>

#include "proto/imap/response.h"
#include "serve/imap/mailbox_status.h"
#include "serve/imap/session.h"
#include "store/recent.h"

namespace pabal::serve::imap {

rt::Task<void> Session::look_for_recent(MailboxId mailbox) {
  if (service_.first_told.find(mailbox)) co_return;
  int64_t first = co_await service_.store.read(store::first_recent, mailbox);
  service_.first_told.put(mailbox, first);
}

void Session::claim_recent(uint32_t first_number) {
  const reading::Snapshot& told = *selected_->told;
  MailboxId mailbox = selected_->view->id();
  int64_t below = int64_t{told.last_uid()} + 1;
  int64_t first = selected_->examined ? service_.first_told.find(mailbox).value_or(1)
                                      : service_.first_told.claim(mailbox, below);
  uint32_t number = std::max(first_number, told.lower_bound(static_cast<uint32_t>(first)));
  if (number > told.size()) return;
  selected_->recent_due = !selected_->examined;
  selected_->recent.push_back({told.uid_at(number), told.last_uid()});
}

rt::Task<void> Session::keep_recent() {
  if (!std::exchange(selected_->recent_due, false)) co_return;
  MailboxId mailbox = selected_->view->id();
  int64_t below = int64_t{selected_->told->last_uid()} + 1;
  try {
    co_await service_.store.write(store::set_first_recent, mailbox, below);
  } catch (const store::StoreError&) {
    // Then they are recent once more when the server has been started again, as after
    // a crash while the mailbox was selected: RFC 3501 §2.3.2 wants it so.
  }
}

// If it is another number than the client was told of last.
void Session::tell_recent() {
  if (rev2_) return;
  uint32_t count = 0;
  for (const NumberRange& uids : selected_->recent) {
    const reading::Snapshot& told = *selected_->told;
    uint32_t behind = uids.last == UINT32_MAX ? told.size() + 1 : told.lower_bound(uids.last + 1);
    count += behind - told.lower_bound(uids.first);
  }
  if (std::exchange(selected_->recent_told, count) == count) return;
  out() += "* ";
  wire::put_number(out(), count);
  out() += " RECENT\r\n";
}

std::vector<NumberRange> Session::recent_ones() const {
  return rev2_ ? std::vector<NumberRange>() : selected_->recent;
}

uint64_t Session::shown_flags(const reading::Item& item) const {
  bool recent = !rev2_ && selected_->is_recent(item.uid);
  return recent ? item.flags | wire::kRecentFlag : item.flags;
}

rt::Task<void> Session::count_recent(std::vector<MailboxStatus>& statuses) {
  for (MailboxStatus& status : statuses) {
    co_await look_for_recent(status.id);
    int64_t first = service_.first_told.find(status.id).value_or(1);
    if (status.messages == 0 || first >= static_cast<int64_t>(status.uid_next)) continue;
    status.recent = co_await service_.store.read(store::count_from, status.id, first);
  }
}

}  // namespace pabal::serve::imap

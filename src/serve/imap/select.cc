// SELECT, EXAMINE (RFC 9051 §6.3.2, RFC 7162 §3.1.8, §3.2.5), CLOSE and UNSELECT.
#include "proto/imap/response.h"
#include "serve/imap/session.h"
#include "store/changes.h"

namespace pabal::serve::imap {

void Session::leave_mailbox() {
  if (!selected_) return;
  selected_->view->watchers.erase(this);
  selected_.reset();
}

rt::Task<void> Session::part() {
  if (selected_) co_await keep_recent();
  leave_mailbox();
}

rt::Task<Outcome> Session::on(wire::Select command) {
  if (selected_) {
    co_await part();
    out() += "* OK [CLOSED] the mailbox before is closed\r\n";  // RFC 7162 §3.2.11
  }
  if (command.qresync && !qresync_) co_return bad("ENABLE QRESYNC first");
  if (command.condstore) enable_condstore();
  std::expected<Place, Outcome> place = co_await find_with_right(command.mailbox, "r");
  if (!place) co_return std::move(place.error());
  co_await look_for_recent(place->mailbox->id);
  std::shared_ptr<reading::View> view =
      co_await service_.reading.views.open(place->mailbox->id, place->reader);
  if (!view) co_return no("NONEXISTENT", "there is no such mailbox");

  auto selected = std::make_unique<Selected>();
  selected->view = view;
  selected->told = view->now();
  selected->told_modseq = view->mailbox().modseq;
  selected->synced = view->refreshes();
  selected->name = std::move(command.mailbox);
  selected->own = place->own;
  selected->rights = place->rights;
  selected->examined = command.examine;
  selected->read_only = command.examine || !place->rights.any_of("swite");
  selected_ = std::move(selected);
  view->watchers.insert(this);
  claim_recent(1);
  tell_selected();
  co_await keep_recent();
  if (command.qresync) co_await tell_qresync(std::move(*command.qresync));
  bool read_only = selected_->read_only;
  co_return ok(command.examine ? "open for reading" : "open", read_only ? "READ-ONLY" : "READ-WRITE");
}

void Session::tell_selected() {
  const store::Mailbox& mailbox = selected_->view->mailbox();
  const reading::Snapshot& told = *selected_->told;
  tell_keywords(true);
  std::string& lines = out();
  lines.append("* ").append(std::to_string(told.size())).append(" EXISTS\r\n");
  tell_recent();
  if (!rev2_) {
    // RFC 3501 §6.3.1; RFC 9051 has done away with it.
    uint32_t unseen = 0;
    told.each([&](uint32_t number, const reading::Item& item) {
      if (unseen == 0 && (item.flags & store::kSeen) == 0) unseen = number;
    });
    if (unseen > 0) lines.append("* OK [UNSEEN ").append(std::to_string(unseen)).append("] first unseen\r\n");
  }
  lines.append("* OK [UIDVALIDITY ")
      .append(std::to_string(mailbox.uid_validity.value))
      .append("] UIDs valid\r\n");
  lines.append("* OK [UIDNEXT ").append(std::to_string(mailbox.uid_next.value)).append("] the next UID\r\n");
  // MODSEQs begin at 1 (RFC 7162 §7), an empty mailbox has had none yet.
  int64_t modseq = std::max<int64_t>(mailbox.modseq.value, 1);
  lines.append("* OK [HIGHESTMODSEQ ").append(std::to_string(modseq)).append("] the latest change\r\n");
  lines.append("* OK [MAILBOXID (F").append(std::to_string(mailbox.id.value)).append(")] as it stays\r\n");
  if (!rev2_) return;  // RFC 9051 §6.3.2 wants it; a client of RFC 3501 has not asked
  lines += "* LIST () \"/\" ";
  wire::put_mailbox(lines, selected_->name, names_utf8());
  lines += "\r\n";
}

// RFC 7162 §3.2.5: what has happened since the client was here.
rt::Task<void> Session::tell_qresync(wire::QresyncParameters parameters) {
  const reading::View& view = *selected_->view;
  const reading::Snapshot& told = *selected_->told;
  if (parameters.uid_validity != static_cast<uint64_t>(view.mailbox().uid_validity.value)) co_return;
  ModSeq since{static_cast<int64_t>(std::min<uint64_t>(parameters.modseq, INT64_MAX))};
  if (since >= view.mailbox().modseq) co_return;
  store::UidRanges gone = co_await service_.store.read(store::expunged_since, view.owner(), view.id(), since);
  // Only what the client knows, and nothing that is in the snapshot it gets.
  std::vector<NumberRange> vanished = told.missing(gone);
  if (parameters.known_uids) vanished = intersection(vanished, *parameters.known_uids);
  if (!vanished.empty())
    out().append("* VANISHED (EARLIER) ").append(wire::format_set(vanished)).append("\r\n");
  for (uint32_t number = 1; number <= told.size(); ++number) {
    const reading::Item& item = told.at(number);
    bool known = !parameters.known_uids || contains(*parameters.known_uids, item.uid);
    if (item.modseq > since.value && known) tell_flags(number, item, true);
    co_await flush_if_full();
  }
}

rt::Task<Outcome> Session::on(wire::Close) {
  bool expunges = !selected_->read_only && selected_->rights.has('e');
  if (expunges) {
    const reading::View& view = *selected_->view;
    auto work = [](store::Transaction& tx, AccountId owner, MailboxId mailbox) {
      store::expunge(tx, owner, mailbox, {{Uid{1}, Uid{UINT32_MAX}}}, true);
    };
    bool any = false;
    // Also what others have marked and this client has not been told of yet.
    view.now()->each(
        [&](uint32_t, const reading::Item& item) { any |= (item.flags & store::kDeleted) != 0; });
    if (any || view.stale()) co_await service_.store.write(work, view.owner(), view.id());
  }
  co_await part();
  co_return ok("closed");
}

rt::Task<Outcome> Session::on(wire::Unselect) {
  co_await part();
  co_return ok("closed, nothing expunged");
}

}  // namespace pabal::serve::imap

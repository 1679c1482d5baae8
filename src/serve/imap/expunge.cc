// EXPUNGE and UID EXPUNGE (RFC 9051 §6.4.3, RFC 4315 §2.1).
#include "serve/imap/session.h"

namespace pabal::serve::imap {

rt::Task<Outcome> Session::on(wire::Expunge command) {
  if (!selected_->rights.has('e')) co_return no("NOPERM", "you may not expunge in this mailbox");
  store::UidRanges uids{{Uid{1}, Uid{UINT32_MAX}}};
  if (command.uids) {
    uids = *uids_named(*command.uids, true);
    if (uids.empty()) co_return ok("nothing to expunge");
  }
  const reading::View& view = *selected_->view;
  auto work = [](store::Transaction& tx, AccountId owner, MailboxId mailbox, const store::UidRanges& which) {
    return store::expunge(tx, owner, mailbox, which, true);
  };
  store::UidRanges gone = co_await service_.store.write(work, view.owner(), view.id(), uids);
  co_await sync({});
  Outcome outcome = ok("what was marked as deleted is gone");
  outcome.highest_modseq = !gone.empty();  // RFC 7162 §3.2.7
  co_return outcome;
}

}  // namespace pabal::serve::imap

#include "store/removal.h"

#include "store/changes.h"
#include "store/messages.h"

namespace pabal::store {

namespace {

// Of a range, in the order of the UIDs. others: mails of the same message that stay, or
// that go later.
Statement select_leaving(Database& db, MailboxId mailbox, const UidRange& range) {
  Statement select = db.prepare(
      "SELECT gone.uid, gone.message, "
      "EXISTS (SELECT 1 FROM mail WHERE mail.message = gone.message "
      "AND (mail.mailbox <> gone.mailbox OR mail.uid > gone.uid OR mail.uid < ?)), "
      "thread.thread, EXISTS (SELECT 1 FROM thread AS follower WHERE follower.thread = gone.message "
      "AND follower.thread <> follower.message), "
      "EXISTS (SELECT 1 FROM queue_entry WHERE queue_entry.message = gone.message) "
      "FROM mail AS gone LEFT JOIN thread ON thread.message = gone.message "
      "WHERE gone.mailbox = ? AND gone.uid BETWEEN ? AND ? ORDER BY gone.uid");
  select.bind(range.first.value).bind(mailbox.value).bind(range.first.value).bind(range.last.value);
  return select;
}

// Which mails of a range go, and which messages with them.
struct Removal {
  std::vector<Change> changes;
  std::vector<MessageId> last;  // nothing refers to them any more
};

Removal plan_removal(Database& db, MailboxId mailbox, const UidRange& range, ModSeq modseq,
                     Holdings& holdings) {
  Removal out;
  Statement row = select_leaving(db, mailbox, range);
  while (row.step()) {
    const Leaving mail{.uid = {row.number(0)},
                       .message = {row.number(1)},
                       .others = row.number(2) != 0,
                       .thread = {row.number(3)},
                       .followers = row.number(4) != 0};
    if (out.changes.empty() || out.changes.back().names.size() == kNamesPerChange) {
      if (!out.changes.empty()) out.changes.back().last = Uid{mail.uid.value - 1};
      const Uid first = out.changes.empty() ? range.first : mail.uid;
      out.changes.push_back({modseq, mailbox, first, range.last, ChangeKind::expunged});
    }
    out.changes.back().names.push_back(holdings.going(mail, mailbox, range.first));
    if (!mail.others && row.number(5) == 0) out.last.push_back(mail.message);
  }
  return out;
}

}  // namespace

void remove_mails(Transaction& tx, AccountId account, MailboxId mailbox, const UidRange& range, ModSeq modseq,
                  Holdings& holdings) {
  const Removal removal = plan_removal(tx.db, mailbox, range, modseq, holdings);
  tx.db.prepare("DELETE FROM mail WHERE mailbox = ? AND uid BETWEEN ? AND ?")
      .bind(mailbox.value)
      .bind(range.first.value)
      .bind(range.last.value)
      .run();
  for (const Change& change : removal.changes) record_change(tx, account, change);
  for (MessageId message : removal.last) release_message(tx, message);
}

}  // namespace pabal::store

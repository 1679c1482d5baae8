// The change feed: a row per change of what an account has, in the order of MODSEQ;
// written with the change itself, by record_change alone. Views and IMAP's clients
// catch up with one mailbox here; whoever keeps up with all of an account: feed.h.
#pragma once

#include <vector>

#include "base/ids.h"
#include "store/mailboxes.h"
#include "store/names.h"
#include "store/store.h"

namespace pabal::store {

enum class ChangeKind : int64_t {
  added = 1,
  flags = 2,
  expunged = 3,
  // Of a mailbox; the rest has no UIDs.
  mailbox = 4,  // renamed, or its keywords or special use changed
  mailbox_removed = 5,
  mailbox_made = 6,
  rights = 7,        // who may do what there
  subscription = 8,  // no mailbox: of a name that is none of the account's
  annotation = 9,    // no mailbox: of the server
  shared = 10,       // a mailbox of another account: what this one may do there
  threads = 11,      // no mailbox: the named messages have got their threads
};

// Up to here kinds raise the MODSEQ of their mailbox, which IMAP's clients see.
inline constexpr ChangeKind kLastMailboxKind = ChangeKind::mailbox_made;
constexpr bool is_of_mails(ChangeKind kind) {
  return kind == ChangeKind::added || kind == ChangeKind::flags || kind == ChangeKind::expunged;
}
// More are told in several rows.
inline constexpr size_t kNamesPerChange = 512;

struct Change {
  ModSeq modseq;
  MailboxId mailbox;
  Uid first, last;  // what is there between them, and what is not there any more
  ChangeKind kind = ChangeKind::added;
  AccountId reader =
      {};  // who alone sees a difference (a group's \Seen, a private annotation); else everybody
  // Of `expunged`: each message, by rising UID. Of `added`: the same; none where all are
  // copies of what the account had. None either of mails that have only another mailbox
  // and keep their UIDs (INBOX renamed).
  Names names = {};
};

// The account's next MODSEQ; all changes of one command share one. Counts what
// came (or went, below zero).
ModSeq next_modseq(Transaction& tx, AccountId account, int64_t octets = 0, int64_t messages = 0);
// The same, with what else the account's row says.
struct Advanced {
  ModSeq modseq;
  bool group = false;  // \Seen is each reader's own in its mailboxes
};
Advanced advance(Transaction& tx, AccountId account, int64_t octets = 0, int64_t messages = 0);
void record_change(Transaction& tx, AccountId account, const Change& change);

// Of one mailbox (or of all of the account) after `since`, by rising MODSEQ: what
// everybody sees, and what this reader does. Without names.
std::vector<Change> list_changes(Database& db, AccountId account, ModSeq since,
                                 std::optional<MailboxId> mailbox = std::nullopt, AccountId reader = {});
// What came directly after `since` is not in the feed any more: then nobody can tell
// what has changed.
bool is_forgotten(Database& db, AccountId account, ModSeq since);

// UIDs of the mailbox that were expunged after `since`, rising (RFC 7162 §3.2.5.1).
// If that is forgotten, all that it has given and no mail has (§3.2.5.2).
UidRanges expunged_since(Database& db, AccountId account, MailboxId mailbox, ModSeq since);

}  // namespace pabal::store

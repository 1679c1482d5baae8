// The change feed: a row per change of an account's mailboxes, in the order of
// MODSEQ; written with the change itself, read by whoever keeps up with it
// (sessions' views, indexing, JMAP).
#pragma once

#include <vector>

#include "base/ids.h"
#include "store/mailboxes.h"
#include "store/store.h"

namespace pabal::store {

enum class ChangeKind : int64_t {
  added = 1,
  flags = 2,
  expunged = 3,
  mailbox = 4,          // made, renamed, or its keywords or special use changed; no UIDs
  mailbox_removed = 5,  // no UIDs
};

struct Change {
  ModSeq modseq;
  MailboxId mailbox;
  Uid first, last;  // what is there between them, and what is not there any more
  ChangeKind kind = ChangeKind::added;
  AccountId reader = {};  // of a group's mailbox: whose own \Seen it is; else everybody sees it
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
// everybody sees, and what this reader does.
std::vector<Change> list_changes(Database& db, AccountId account, ModSeq since,
                                 std::optional<MailboxId> mailbox = std::nullopt, AccountId reader = {});

// UIDs of the mailbox that were expunged after `since`, rising (RFC 7162 §3.2.5.1).
UidRanges expunged_since(Database& db, AccountId account, MailboxId mailbox, ModSeq since);

}  // namespace pabal::store

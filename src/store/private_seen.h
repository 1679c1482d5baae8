// \Seen in the mailboxes of a group: each who reads there has his own, as if nobody
// else did. Everything else about a mail is everybody's.
//
// A row says that one reader has read one mail, or no longer counts as having read
// it; without a row the mail is to him as its own flags say: unread, or what all had
// in common before each had his own. So a mailbox costs as much per reader as he has
// read of it, never more than a row per mail. They are rows and not ranges: they are
// joined with the mails in one statement, each has a MODSEQ, and people read one mail
// here and one there, so that ranges would be as many.
//
// `seen` 0 stays, because its MODSEQ has to (RFC 7162 §3.1). For that reason the rows
// of who may not read any more stay, too: when he comes back, he finds what he knows.
// They go with the mail, the mailbox and the account.
#pragma once

#include "base/ids.h"
#include "store/mailboxes.h"
#include "store/store.h"

namespace pabal::store {

// UIDs of the mails that have a row of this reader.
UidRanges list_private_seen(Database& db, MailboxId mailbox, AccountId reader);

// Of all mails in these ranges. The change is recorded by who calls.
void set_private_seen(Transaction& tx, MailboxId mailbox, AccountId reader, const UidRanges& uids, bool seen,
                      ModSeq modseq);

// Everybody's, for mails that go elsewhere: those of `from` have become the UIDs from
// `first` on, in the same order.
void copy_private_seen(Transaction& tx, MailboxId mailbox, const UidRanges& from, MailboxId to, Uid first,
                       ModSeq modseq);
// All of a mailbox, which is another one now.
void move_private_seen(Transaction& tx, MailboxId from, MailboxId to);
// As all UIDs of the mailbox are raised.
void shift_private_seen(Transaction& tx, MailboxId mailbox, int64_t by);

// Everybody's, of mails that are gone.
void forget_private_seen(Transaction& tx, MailboxId mailbox, const UidRanges& uids);
// Of an account that is about to be removed, in all mailboxes.
void forget_private_seen(Transaction& tx, AccountId reader);

}  // namespace pabal::store

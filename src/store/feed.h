// Feed: everything that has changed in an account, for whoever keeps up with it (JMAP,
// push, housekeeping). Read in bounded pieces from a point; each piece ends at a point
// from which the next one really goes on, also in the midst of one large command.
//
// Whether something was there before and is there after a piece follows from the rows
// of the piece alone (names.h): what was made and destroyed within it is left out, and
// told one after the other, pieces tell of each thing exactly once that it is gone.
#pragma once

#include <expected>
#include <vector>

#include "store/changes.h"

namespace pabal::store {

// Where the change begins that is to be read next: in the order of MODSEQ, mailbox and
// UID, and of one change so many mails or names further.
struct FeedPoint {
  ModSeq modseq{1};
  MailboxId mailbox = {};
  Uid uid = {};
  int64_t passed = 0;
  auto operator<=>(const FeedPoint&) const = default;
};
// Behind all changes up to this MODSEQ.
FeedPoint behind(ModSeq modseq);

// Nobody can tell what has changed since a point: it lies before what the feed still
// knows, or the account has never been there (RFC 8620 §5.2, cannotCalculateChanges).
struct CannotCalculate {};

struct FeedPiece {
  std::vector<Change> changes;  // by rising MODSEQ, with names, each whole
  FeedPoint next;
  bool more = false;  // there is something at `next`
};
// At most `changes_max` changes. reader: as list_changes.
std::expected<FeedPiece, CannotCalculate> read_feed(Database& db, AccountId account, const FeedPoint& from,
                                                    size_t changes_max, AccountId reader = {});

enum class ObjectType {
  email,         // ids of messages: made, and destroyed with the last copy in the account; else updated
  thread,        // ids of threads, as far as they have been told
  mailbox,       // ids of mailboxes; updated also with their rights, subscriptions and mails
  subscription,  // ids of mailboxes; 0: of other names
  annotation,    // ids of mailboxes; 0: the server
  shared,        // ids of other accounts' mailboxes
};

struct ObjectChanges {
  std::vector<int64_t> created, updated, destroyed;  // each id once, in the order of the feed
  bool counts_only = true;  // nothing but the mails in them has changed of updated mailboxes
  FeedPoint next;
  bool more = false;
};
// At most `ids_max` ids, which is 1 at least; less if finding so many takes too long.
std::expected<ObjectChanges, CannotCalculate> changes_of(Database& db, AccountId account, ObjectType type,
                                                         const FeedPoint& from, size_t ids_max,
                                                         AccountId reader = {});

}  // namespace pabal::store

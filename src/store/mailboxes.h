// Mailboxes and the mails in them. UID and MODSEQ come from counter rows inside
// the transaction, so commit order is their order (RFC 9051 §2.3.1.1, RFC 7162 §3.1).
// Every change also becomes a row of the change feed.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "store/messages.h"
#include "store/quota.h"
#include "store/store.h"

namespace pabal::store {

// Flags as bits: system flags (RFC 9051 §2.3.2) below, and from bit 8 on the
// mailbox's keywords, in the order of Mailbox::keywords.
enum Flag : uint64_t { kSeen = 1, kAnswered = 2, kFlagged = 4, kDeleted = 8, kDraft = 16 };
inline constexpr uint64_t kSystemFlags = 31;
inline constexpr int kFirstKeywordBit = 8;
inline constexpr size_t kKeywordsMax = 54;       // of one mailbox
inline constexpr size_t kMailboxNameMax = 1000;  // octets
inline constexpr size_t kMailboxesMax = 10'000;  // of one account

struct Mail {
  MailboxId mailbox;
  Uid uid;
  MessageId message;
  ModSeq modseq;
  uint64_t flags = 0;
  uint64_t size_octets = 0;  // prefix included: what the reader gets
  Time internal_date;
  Time saved_at;  // when it came into this mailbox (RFC 8514)
};

// How many mails of a mailbox have which flag. unseen: as everybody sees them; in a
// group's mailbox each reader has his own \Seen beside it (tally.h).
struct FlagTally {
  int64_t unseen = 0, deleted = 0, deleted_octets = 0;
};

struct Mailbox {
  MailboxId id;
  AccountId account;
  std::string name;         // UTF-8, '/' between the levels
  std::string special_use;  // RFC 6154, "" for none, blanks between several
  UidValidity uid_validity;
  Uid uid_next;
  ModSeq modseq;  // HIGHESTMODSEQ (RFC 7162 §3.1.2.1)
  uint64_t messages = 0;
  uint64_t octets = 0;
  std::vector<std::string> keywords;
  FlagTally flags;
};

// Rising and disjoint, both ends included. A range may reach over UIDs that no
// mail has.
struct UidRange {
  Uid first, last;
  bool operator==(const UidRange&) const = default;
};
using UidRanges = std::vector<UidRange>;
void add_to(UidRanges& ranges, Uid uid);  // uid is above all in it

// INBOX and the special-use folders Drafts, Sent, Trash, Junk, Archive (RFC
// 6154), all subscribed.
void create_default_mailboxes(Transaction& tx, AccountId account);

std::optional<MailboxId> find_mailbox(Database& db, AccountId account, std::string_view name);
std::optional<Mailbox> find_mailbox(Database& db, MailboxId mailbox);
std::vector<Mailbox> list_mailboxes(Database& db, AccountId account);  // by name
// nullopt: there is no such mailbox any more.
std::optional<UidValidity> uid_validity(Database& db, MailboxId mailbox);

// Mailboxes that are made from now on have ids above `mailbox`.
void raise_mailbox_ids(Transaction& tx, MailboxId mailbox);

// Why a change of the tree of mailboxes is refused.
enum class MailboxError { exists, not_found, too_many, name_too_long, inbox };

// Missing parents are not made: a name that has only inferiors is no mailbox.
std::expected<MailboxId, MailboxError> create_mailbox(Transaction& tx, AccountId account,
                                                      std::string_view name, std::string_view special_use);
// With all that is below it. Of INBOX: its mails go into the new mailbox, it
// stays, and what is below it too (RFC 9051 §6.3.6).
std::expected<void, MailboxError> rename_mailbox(Transaction& tx, AccountId account, std::string_view from,
                                                 std::string_view to);
// With its mails, its ACL and metadata; what is below it stays, the subscription too.
// special_use: as in Mailbox. One that is not there any more stays away.
void set_special_use(Transaction& tx, AccountId account, MailboxId mailbox, std::string_view special_use);
std::expected<void, MailboxError> delete_mailbox(Transaction& tx, AccountId account, std::string_view name);

// Subscriptions are names; the mailbox need not exist (RFC 9051 §6.3.7).
void set_subscribed(Transaction& tx, AccountId account, std::string_view name, bool subscribed);
std::vector<std::string> list_subscriptions(Database& db, AccountId account);

// The bits of these keywords (without backslash) in the mailbox; unknown ones
// get one if `tx` may still give some. Keywords are compared without regard to
// ASCII case. nullopt: more than kKeywordsMax.
std::optional<uint64_t> keyword_bits(Transaction& tx, AccountId account, MailboxId mailbox,
                                     const std::vector<std::string>& keywords);

// A `reader` is given with the mailboxes of a group alone, where \Seen is each
// reader's own (private_seen.h): with it flags and MODSEQs are as he sees them.

// Puts a message into a mailbox and counts it against the account's quota.
// internal_date: received_at of the message unless given.
Uid append(Transaction& tx, AccountId account, MailboxId mailbox, const MessageRecord& message,
           uint64_t flags, std::optional<Time> internal_date = std::nullopt, AccountId reader = {});

// All mails of a mailbox by rising UID; or those in `uids` only.
std::vector<Mail> list_mails(Database& db, MailboxId mailbox, AccountId reader = {});
std::vector<Mail> list_mails(Database& db, MailboxId mailbox, const UidRanges& uids, AccountId reader = {});

// Changes flags of those of `uids` that are there. One MODSEQ for all that
// really change; who had the flags already keeps its own (RFC 7162 §3.1.3).
struct FlagChange {
  enum Mode { replace, add, remove } mode = replace;
  uint64_t flags = 0;
  std::optional<ModSeq> unchanged_since;
  uint64_t mask = ~uint64_t{0};  // bits that may change: others stay as they are (RFC 4314 §4)
};
struct FlagsChanged {
  ModSeq modseq;  // 0: nothing changed
  UidRanges changed;
  std::vector<Uid> modified;  // left alone: newer than unchanged_since
};
FlagsChanged change_flags(Transaction& tx, AccountId account, MailboxId mailbox, const UidRanges& uids,
                          const FlagChange& change, AccountId reader = {});

// Copies what is there of `uids`, in order; flags, keywords (as far as the other
// mailbox still takes them) and internal date stay. Counts against the quota of
// `to_account`; nothing is copied if that would be exceeded, unless
// check_quota is false: what moves within an account takes no more room.
struct Copied {
  UidRanges from, to;  // as many UIDs in both, in the same order
  uint64_t messages = 0;
  bool over_quota = false;
};
// Whose \Seen they have where they come from and where they go, if that is a group's.
struct CopiedSeen {
  AccountId from, to;
  bool all = false;  // moved within the group: everybody's comes along
};
// mask: bits of the flags that are copied (RFC 4314 §4).
Copied copy_mails(Transaction& tx, MailboxId from, const UidRanges& uids, AccountId to_account, MailboxId to,
                  uint64_t mask = ~uint64_t{0}, bool check_quota = true, CopiedSeen seen = {});

// Removes those of `uids` that are there (only_deleted: and have \Deleted) with
// one MODSEQ; releases their messages. Returns which.
UidRanges expunge(Transaction& tx, AccountId account, MailboxId mailbox, const UidRanges& uids,
                  bool only_deleted = false);

// Of an account that is about to be removed: its mailboxes with all that hangs on
// them, its changes and annotations, and what others granted to its address.
void remove_account_data(Transaction& tx, AccountId account, std::string_view address);

}  // namespace pabal::store

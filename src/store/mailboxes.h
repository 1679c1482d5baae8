// Mailboxes and the mails in them. UID and MODSEQ come from counter rows inside
// the transaction, so commit order is their order (RFC 9051 §2.3.1.1, RFC 7162 §3.1).
// Every change also becomes a row of the change feed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "store/messages.h"
#include "store/store.h"

namespace pabal::store {

// System flags as bits (RFC 9051 §2.3.2).
enum Flag : uint32_t { kSeen = 1, kAnswered = 2, kFlagged = 4, kDeleted = 8, kDraft = 16 };

struct Mail {
  MailboxId mailbox;
  Uid uid;
  MessageId message;
  ModSeq modseq;
  uint32_t flags = 0;
  uint64_t size_octets = 0;  // prefix included: what the reader gets
  Time internal_date;
};

// INBOX and the special-use folders Drafts, Sent, Trash, Junk, Archive (RFC 6154).
void create_default_mailboxes(Transaction& tx, AccountId account);
std::optional<MailboxId> find_mailbox(Database& db, AccountId account, std::string_view name);
// nullopt: there is no such mailbox any more.
std::optional<UidValidity> uid_validity(Database& db, MailboxId mailbox);

// Puts a message into a mailbox and counts it against the account's quota.
Uid append(Transaction& tx, AccountId account, MailboxId mailbox, const MessageRecord& message,
           uint32_t flags);

// All mails of a mailbox by rising UID.
std::vector<Mail> list_mails(Database& db, MailboxId mailbox);

// Removes those of `uids` that are there; releases their messages.
void expunge(Transaction& tx, AccountId account, MailboxId mailbox, const std::vector<Uid>& uids);

struct Usage {
  uint64_t octets = 0;
  uint64_t messages = 0;
  uint64_t quota_octets = 0;  // 0: no limit
};
std::optional<Usage> usage(Database& db, AccountId account);

}  // namespace pabal::store
